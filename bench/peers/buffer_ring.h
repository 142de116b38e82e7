// The provided-buffer ring of echo_liburing: equal receive buffers from which the kernel picks, given back in batches.
//
// liburing 2.3 can register such a ring but neither allocate nor initialise it, so both happen here by hand. Give back any number
// of buffers during a turn, then publish them with one release store.
//
// Lifetime: as long as the ring it was opened on.
// Kernel: since 5.19.
#ifndef CORERING_BENCH_PEERS_BUFFER_RING_H_
#define CORERING_BENCH_PEERS_BUFFER_RING_H_

#include <liburing.h>
#include <stdint.h>
#include <sys/mman.h>

#include "peer.h"

enum { kBufferGroup = 0 };

struct BufferRing {
  struct io_uring_buf_ring* ring;
  unsigned char* bytes;
  unsigned buffer_bytes, buffer_count, unpublished_count;
};

static inline unsigned char* buffer_at(const struct BufferRing* buffers, unsigned buffer) {
  return buffers->bytes + (size_t)buffer * buffers->buffer_bytes;
}

static inline void give_back_buffer(struct BufferRing* buffers, unsigned buffer) {
  io_uring_buf_ring_add(buffers->ring, buffer_at(buffers, buffer), buffers->buffer_bytes, (unsigned short)buffer,
                        io_uring_buf_ring_mask(buffers->buffer_count), (int)buffers->unpublished_count++);
}

static inline void publish_buffers(struct BufferRing* buffers) {
  io_uring_buf_ring_advance(buffers->ring, (int)buffers->unpublished_count);
  buffers->unpublished_count = 0;
}

static inline void* map_pages(size_t bytes) {
  void* pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) exit_because("memory for the receive buffers", errno);
  return pages;
}

static inline void open_buffer_ring(struct BufferRing* buffers, struct io_uring* ring, unsigned buffer_count,
                                    unsigned buffer_bytes) {
  if ((buffer_count & (buffer_count - 1)) != 0) exit_because("--buffers is not a power of two", EINVAL);
  buffers->buffer_count = buffer_count;
  buffers->buffer_bytes = buffer_bytes;
  buffers->bytes = (unsigned char*)map_pages((size_t)buffer_count * buffer_bytes);
  buffers->ring = (struct io_uring_buf_ring*)map_pages(buffer_count * sizeof(struct io_uring_buf));
  struct io_uring_buf_reg registration;
  memset(&registration, 0, sizeof registration);
  registration.ring_addr = (uintptr_t)buffers->ring;
  registration.ring_entries = buffer_count;
  registration.bgid = kBufferGroup;
  const int error = io_uring_register_buf_ring(ring, &registration, 0);
  if (error < 0) exit_because("buffer ring (Linux 5.19 or newer)", -error);
  io_uring_buf_ring_init(buffers->ring);
  for (unsigned buffer = 0; buffer < buffer_count; ++buffer) give_back_buffer(buffers, buffer);
  publish_buffers(buffers);
}

#endif  // CORERING_BENCH_PEERS_BUFFER_RING_H_
