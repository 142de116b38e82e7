// TCP echo on io_uring, by hand: one thread, one ring, one enter per turn.
//
// One multishot accept fills a table of direct descriptors, one multishot receive per connection fills buffers from a shared ring,
// and a plain send returns each buffer as it came: the payload is never copied in user space. A connection has at most one send in
// flight, or their bytes could interleave; later buffers wait in a list threaded through an array with one entry per buffer, so no
// message allocates.
//
// Not for hostile clients: nothing caps what one connection may hold, so a client that sends and never reads ends up with every
// buffer.
//
// Kernel: since 6.1 (DEFER_TASKRUN).
#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>

#include "buffer_ring.h"
#include "peer.h"

enum {
  kSubmissions = 1024,
  kCompletions = 8192,  // an overflow ends every multishot operation that it meets
  kConnectionsMax = 4096,
};
static const uint32_t kNone = UINT32_MAX;

enum Operation { kAccept, kReceive, kSend, kCancel, kClose };

// A received buffer on its way back to the client.
struct Chunk {
  uint32_t next;  // the chunk of the same connection to send after this one, or kNone
  uint32_t bytes;
};

struct Connection {
  uint32_t first, last;   // chunks to send, oldest first; the first is in flight while `sending`
  uint32_t sent_bytes;    // of the first chunk
  uint32_t starved_next;  // meaningful in the starved list only
  bool receiving, starved, sending;
  bool ended;   // the client has sent everything: close when all of it is echoed
  bool failed;  // nothing more can be sent: close when nothing is in flight
};

struct Server {
  struct io_uring ring;
  int listener;
  struct BufferRing buffers;
  uint32_t free_buffer_count;
  struct Chunk* chunks;            // indexed by buffer
  struct Connection* connections;  // indexed by direct descriptor
  uint32_t starved_first, starved_last;
};

static struct io_uring_sqe* require_submission(struct Server* server) {
  for (;;) {
    struct io_uring_sqe* sqe = io_uring_get_sqe(&server->ring);
    if (sqe != NULL) return sqe;
    const int error = io_uring_submit(&server->ring);
    if (error < 0 && error != -EINTR) exit_because("io_uring_submit", -error);
  }
}

static void mark(struct io_uring_sqe* sqe, enum Operation operation, uint32_t slot) {
  io_uring_sqe_set_data64(sqe, (uint64_t)operation << 32 | slot);
}

static void arm_accept(struct Server* server) {
  struct io_uring_sqe* sqe = require_submission(server);
  io_uring_prep_multishot_accept_direct(sqe, server->listener, NULL, NULL, 0);
  mark(sqe, kAccept, 0);
}

static void arm_receive(struct Server* server, uint32_t slot) {
  struct io_uring_sqe* sqe = require_submission(server);
  io_uring_prep_recv_multishot(sqe, (int)slot, NULL, 0, 0);
  sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
  sqe->buf_group = kBufferGroup;
  // Poll first, so that a receive fails for want of a buffer only when there is something to receive; rearm_starved() relies on it.
  sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
  mark(sqe, kReceive, slot);
  server->connections[slot].receiving = true;
}

static void send_first_chunk(struct Server* server, uint32_t slot) {
  struct Connection* connection = &server->connections[slot];
  const uint32_t buffer = connection->first;
  struct io_uring_sqe* sqe = require_submission(server);
  io_uring_prep_send(sqe, (int)slot, buffer_at(&server->buffers, buffer) + connection->sent_bytes,
                     server->chunks[buffer].bytes - connection->sent_bytes, MSG_WAITALL | MSG_NOSIGNAL);
  sqe->flags |= IOSQE_FIXED_FILE;
  mark(sqe, kSend, slot);
  connection->sending = true;
}

static void release_first_chunk(struct Server* server, struct Connection* connection) {
  const uint32_t buffer = connection->first;
  connection->first = server->chunks[buffer].next;
  connection->sent_bytes = 0;
  give_back_buffer(&server->buffers, buffer);
  ++server->free_buffer_count;
}

// Closes once nothing of the connection is in flight, so that no completion can meet a slot that has been given to another client.
static void close_if_done(struct Server* server, uint32_t slot) {
  struct Connection* connection = &server->connections[slot];
  if (connection->sending) return;
  // Before anything else: the others may be starving for these.
  while (connection->failed && connection->first != kNone) release_first_chunk(server, connection);
  if (connection->receiving || connection->starved) return;
  if (!connection->failed && (!connection->ended || connection->first != kNone)) return;
  struct io_uring_sqe* sqe = require_submission(server);
  io_uring_prep_close_direct(sqe, slot);
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  mark(sqe, kClose, slot);
}

static void add_starved(struct Server* server, uint32_t slot) {
  server->connections[slot].starved = true;
  server->connections[slot].starved_next = kNone;
  if (server->starved_first == kNone) {
    server->starved_first = slot;
  } else {
    server->connections[server->starved_last].starved_next = slot;
  }
  server->starved_last = slot;
}

// A starved connection has something to receive, so each re-armed receive completes soon and brings on the turn that re-arms the
// next ones: as many as there are buffers suffices, and none is forgotten.
static void rearm_starved(struct Server* server) {
  for (uint32_t count = server->free_buffer_count; count > 0 && server->starved_first != kNone; --count) {
    const uint32_t slot = server->starved_first;
    struct Connection* connection = &server->connections[slot];
    server->starved_first = connection->starved_next;
    connection->starved = false;
    if (connection->failed) {
      close_if_done(server, slot);
    } else {
      arm_receive(server, slot);
    }
  }
}

static void on_accept(struct Server* server, const struct io_uring_cqe* cqe) {
  if (cqe->res >= 0) {
    server->connections[cqe->res] = (struct Connection){.first = kNone, .last = kNone};
    arm_receive(server, (uint32_t)cqe->res);
  } else if (cqe->res == -EINVAL) {
    exit_because("multishot accept into direct descriptors (Linux 5.19 or newer)", EINVAL);
  }
  // Any error ends the multishot, a full table among them, which costs only the client that found it full.
  if (!(cqe->flags & IORING_CQE_F_MORE)) arm_accept(server);
}

static void on_receive(struct Server* server, uint32_t slot, const struct io_uring_cqe* cqe) {
  struct Connection* connection = &server->connections[slot];
  connection->receiving = cqe->flags & IORING_CQE_F_MORE;
  if (cqe->res > 0) {
    const uint32_t buffer = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
    --server->free_buffer_count;
    server->chunks[buffer] = (struct Chunk){.next = kNone, .bytes = (uint32_t)cqe->res};
    if (connection->first == kNone) {
      connection->first = buffer;
    } else {
      server->chunks[connection->last].next = buffer;
    }
    connection->last = buffer;
    if (!connection->sending && !connection->failed) send_first_chunk(server, slot);
    if (!connection->receiving && !connection->failed) arm_receive(server, slot);
  } else if (cqe->res == -ENOBUFS && !connection->failed) {
    add_starved(server, slot);
  } else if (cqe->res == 0) {
    connection->ended = true;
  } else {
    connection->failed = true;
  }
  close_if_done(server, slot);
}

static void on_send(struct Server* server, uint32_t slot, const struct io_uring_cqe* cqe) {
  struct Connection* connection = &server->connections[slot];
  connection->sending = false;
  if (cqe->res < 0) {
    connection->failed = true;
    if (connection->receiving) {
      struct io_uring_sqe* sqe = require_submission(server);
      io_uring_prep_cancel64(sqe, (uint64_t)kReceive << 32 | slot, 0);
      mark(sqe, kCancel, slot);
    }
  } else {
    connection->sent_bytes += (uint32_t)cqe->res;
    if (connection->sent_bytes == server->chunks[connection->first].bytes) release_first_chunk(server, connection);
    if (connection->first != kNone && !connection->failed) send_first_chunk(server, slot);
  }
  close_if_done(server, slot);
}

static void serve(struct Server* server) {
  arm_accept(server);
  for (;;) {
    const int error = io_uring_submit_and_wait(&server->ring, 1);
    if (error < 0 && error != -EINTR) exit_because("io_uring_submit_and_wait", -error);
    struct io_uring_cqe* cqe;
    unsigned head, completion_count = 0;
    io_uring_for_each_cqe(&server->ring, head, cqe) {
      ++completion_count;
      const uint32_t slot = (uint32_t)cqe->user_data;
      switch ((enum Operation)(cqe->user_data >> 32)) {
        case kAccept: on_accept(server, cqe); break;
        case kReceive: on_receive(server, slot, cqe); break;
        case kSend: on_send(server, slot, cqe); break;
        case kCancel: break;  // the receive that it meant reports for itself
        case kClose: break;
      }
    }
    io_uring_cq_advance(&server->ring, completion_count);
    publish_buffers(&server->buffers);
    rearm_starved(server);
  }
}

static void open_ring(struct io_uring* ring) {
  struct io_uring_params params = {
      .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE |
               IORING_SETUP_CLAMP,
      .cq_entries = kCompletions,
  };
  int error = io_uring_queue_init_params(kSubmissions, ring, &params);
  if (error < 0) exit_because("io_uring_setup (Linux 6.1 or newer, not forbidden by sysctl, seccomp or memlock)", -error);
  error = io_uring_register_ring_fd(ring);
  if (error < 0) exit_because("registered ring descriptor", -error);
  error = io_uring_register_files_sparse(ring, kConnectionsMax);
  if (error < 0) exit_because("table of direct descriptors (limited by ulimit -n)", -error);
}

int main(int argc, char** argv) {
  unsigned port = 0, buffer_count = 4096, buffer_bytes = 16 * 1024;
  const struct Flag flags[] = {
      {"--port", &port, 0, 65535},
      {"--buffers", &buffer_count, 1, 32768},
      {"--buffer_bytes", &buffer_bytes, 64, 1 << 20},
  };
  parse_flags(argc, argv, flags, sizeof flags / sizeof flags[0]);
  exit_on_sigterm();

  static struct Server server;
  open_ring(&server.ring);
  open_buffer_ring(&server.buffers, &server.ring, buffer_count, buffer_bytes);
  server.free_buffer_count = buffer_count;
  server.starved_first = server.starved_last = kNone;
  server.chunks = calloc(buffer_count, sizeof *server.chunks);
  server.connections = calloc(kConnectionsMax, sizeof *server.connections);
  if (server.chunks == NULL || server.connections == NULL) exit_because("connection and chunk tables", ENOMEM);
  server.listener = open_listener(port, 0);
  announce_listener(server.listener);
  serve(&server);
}
