// TCP echo on libuv: one thread, the default loop.
//
// All connections share one receive buffer, which libuv allows because uv_try_write() takes the bytes before the read callback
// returns. What it does not take is copied into a write request, and the connection is not read until that is done.
#include <uv.h>

#include "peer.h"

struct Server {
  uv_tcp_t listener;
  char receive_buffer[kReceiveBytes];
};

struct PendingWrite {
  uv_write_t request;
  char bytes[];
};

static void on_read(uv_stream_t* connection, ssize_t received, const uv_buf_t* buffer);

static void require(int status, const char* what) {
  if (status == 0) return;
  fprintf(stderr, "%s: %s\n", what, uv_strerror(status));
  exit(1);
}

static void on_closed(uv_handle_t* connection) { free(connection); }

static void close_connection(uv_stream_t* connection) {
  if (!uv_is_closing((uv_handle_t*)connection)) uv_close((uv_handle_t*)connection, on_closed);
}

static void offer_buffer(uv_handle_t* connection, size_t suggested_bytes, uv_buf_t* buffer) {
  (void)suggested_bytes;
  struct Server* server = connection->loop->data;
  *buffer = uv_buf_init(server->receive_buffer, sizeof server->receive_buffer);
}

static void on_written(uv_write_t* request, int status) {
  uv_stream_t* connection = request->handle;
  free(request->data);
  if (status < 0 || uv_read_start(connection, offer_buffer, on_read) < 0) close_connection(connection);
}

static int write_rest(uv_stream_t* connection, const char* bytes, size_t count) {
  struct PendingWrite* pending = malloc(sizeof *pending + count);
  if (pending == NULL) return UV_ENOMEM;
  memcpy(pending->bytes, bytes, count);
  pending->request.data = pending;
  const uv_buf_t rest = uv_buf_init(pending->bytes, (unsigned)count);
  uv_read_stop(connection);
  const int status = uv_write(&pending->request, connection, &rest, 1, on_written);
  if (status < 0) free(pending);
  return status;
}

static void on_read(uv_stream_t* connection, ssize_t received, const uv_buf_t* buffer) {
  if (received == 0) return;  // nothing there after all
  const uv_buf_t all = uv_buf_init(buffer->base, received > 0 ? (unsigned)received : 0);
  int written = received > 0 ? uv_try_write(connection, &all, 1) : (int)received;
  if (written == UV_EAGAIN) written = 0;
  if (written >= 0 && written == received) return;
  if (written < 0 || write_rest(connection, buffer->base + written, (size_t)(received - written)) < 0) {
    close_connection(connection);
  }
}

static void on_connection(uv_stream_t* listener, int status) {
  if (status < 0) {
    fprintf(stderr, "accept: %s\n", uv_strerror(status));
    return;
  }
  uv_tcp_t* connection = malloc(sizeof *connection);
  if (connection == NULL) exit_because("memory for a connection", ENOMEM);
  require(uv_tcp_init(listener->loop, connection), "uv_tcp_init");
  if (uv_accept(listener, (uv_stream_t*)connection) < 0 || uv_read_start((uv_stream_t*)connection, offer_buffer, on_read) < 0) {
    close_connection((uv_stream_t*)connection);
  }
}

int main(int argc, char** argv) {
  unsigned port = 0;
  const struct Flag flags[] = {{"--port", &port, 0, 65535}};
  parse_flags(argc, argv, flags, 1);
  exit_on_sigterm();

  static struct Server server;
  uv_loop_t* loop = uv_default_loop();
  loop->data = &server;
  const int listener = open_listener(port, 0);
  require(uv_tcp_init(loop, &server.listener), "uv_tcp_init");
  require(uv_tcp_open(&server.listener, listener), "uv_tcp_open");
  require(uv_listen((uv_stream_t*)&server.listener, kBacklog, on_connection), "uv_listen");
  announce_listener(listener);
  return uv_run(loop, UV_RUN_DEFAULT);
}
