// TCP echo on epoll: one thread, level-triggered, non-blocking.
//
// Three choices make it as fast as plain epoll gets: one receive buffer that stays in the cache serves all connections; each
// readiness costs one receive and one send, since level triggering repeats what a short receive left; and only a short send copies
// bytes aside and asks for EPOLLOUT. Until those bytes are out the connection is not read, so a client that does not read costs at
// most one receive buffer.
#define _GNU_SOURCE  // accept4
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "peer.h"

enum { kEvents = 1024, kDescriptorsMax = 1 << 20 };

struct Connection {
  unsigned char* pending;  // what a short send left over; null as long as sends take everything
  uint32_t pending_bytes, pending_sent;
};

struct Server {
  int epoll, listener;
  bool accept_paused;
  struct Connection* connections;  // indexed by descriptor
  unsigned char receive_buffer[kReceiveBytes];
};

static void watch(struct Server* server, int operation, int descriptor, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = descriptor};
  if (epoll_ctl(server->epoll, operation, descriptor, &event) < 0) exit_because("epoll_ctl", errno);
}

static void close_connection(struct Server* server, int descriptor) {
  free(server->connections[descriptor].pending);
  server->connections[descriptor] = (struct Connection){0};
  close(descriptor);
  if (server->accept_paused) {
    watch(server, EPOLL_CTL_MOD, server->listener, EPOLLIN);
    server->accept_paused = false;
  }
}

static void on_acceptable(struct Server* server) {
  for (;;) {
    const int descriptor = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      watch(server, EPOLL_CTL_ADD, descriptor, EPOLLIN);
      continue;
    }
    if (errno == ECONNABORTED) continue;
    if (errno != EAGAIN) {
      // Out of descriptors or memory: the listener would stay readable and spin, so look away until a connection closes.
      watch(server, EPOLL_CTL_MOD, server->listener, 0);
      server->accept_paused = true;
    }
    return;
  }
}

// Bytes that the socket took, 0 if it is full, -1 if the connection is lost.
static ssize_t try_send(int descriptor, const unsigned char* bytes, size_t count) {
  const ssize_t sent = send(descriptor, bytes, count, MSG_NOSIGNAL);
  return sent < 0 && errno == EAGAIN ? 0 : sent;
}

static void on_writable(struct Server* server, int descriptor) {
  struct Connection* connection = &server->connections[descriptor];
  const ssize_t sent =
      try_send(descriptor, connection->pending + connection->pending_sent, connection->pending_bytes - connection->pending_sent);
  if (sent < 0) {
    close_connection(server, descriptor);
    return;
  }
  connection->pending_sent += (uint32_t)sent;
  if (connection->pending_sent < connection->pending_bytes) return;
  free(connection->pending);
  *connection = (struct Connection){0};
  watch(server, EPOLL_CTL_MOD, descriptor, EPOLLIN);
}

static bool set_aside(struct Server* server, int descriptor, const unsigned char* bytes, size_t count) {
  struct Connection* connection = &server->connections[descriptor];
  connection->pending = malloc(count);
  if (connection->pending == NULL) return false;
  memcpy(connection->pending, bytes, count);
  connection->pending_bytes = (uint32_t)count;
  watch(server, EPOLL_CTL_MOD, descriptor, EPOLLOUT);
  return true;
}

static void on_readable(struct Server* server, int descriptor) {
  const ssize_t received = recv(descriptor, server->receive_buffer, kReceiveBytes, 0);
  if (received < 0 && errno == EAGAIN) return;
  const ssize_t sent = received > 0 ? try_send(descriptor, server->receive_buffer, (size_t)received) : -1;
  if (sent >= 0 && sent == received) return;
  if (sent < 0 || !set_aside(server, descriptor, server->receive_buffer + sent, (size_t)(received - sent))) {
    close_connection(server, descriptor);
  }
}

static void serve(struct Server* server) {
  static struct epoll_event events[kEvents];
  for (;;) {
    const int event_count = epoll_wait(server->epoll, events, kEvents, -1);
    if (event_count < 0 && errno != EINTR) exit_because("epoll_wait", errno);
    for (int i = 0; i < event_count; ++i) {
      const int descriptor = events[i].data.fd;
      if (descriptor == server->listener) {
        on_acceptable(server);
      } else if (server->connections[descriptor].pending != NULL) {
        on_writable(server, descriptor);
      } else {
        on_readable(server, descriptor);
      }
    }
  }
}

int main(int argc, char** argv) {
  unsigned port = 0;
  const struct Flag flags[] = {{"--port", &port, 0, 65535}};
  parse_flags(argc, argv, flags, 1);
  exit_on_sigterm();

  static struct Server server;
  struct rlimit descriptors;
  if (getrlimit(RLIMIT_NOFILE, &descriptors) < 0) exit_because("getrlimit", errno);
  const size_t descriptor_count = descriptors.rlim_cur < kDescriptorsMax ? descriptors.rlim_cur : kDescriptorsMax;
  server.connections = calloc(descriptor_count, sizeof *server.connections);
  if (server.connections == NULL) exit_because("connection table", ENOMEM);
  server.epoll = epoll_create1(EPOLL_CLOEXEC);
  if (server.epoll < 0) exit_because("epoll_create1", errno);
  server.listener = open_listener(port, SOCK_NONBLOCK);
  watch(&server, EPOLL_CTL_ADD, server.listener, EPOLLIN);
  announce_listener(server.listener);
  serve(&server);
}
