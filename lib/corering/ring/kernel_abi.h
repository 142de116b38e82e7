// The kernel's io_uring interface as this room uses it: the one place that includes <liburing.h>.
//
// Debian 12 packages liburing 2.3, whose headers end at Linux 6.1. What newer kernels offer is defined here, each under #ifndef,
// and probed at run time before use (features.h). Structures whose fields were renamed later have a layout of our own, checked
// below.
// Source: include/uapi/linux/io_uring.h of Linux.
#pragma once

#include <liburing.h>

#include <cstdint>

#ifndef IORING_SEND_ZC_REPORT_USAGE
#define IORING_SEND_ZC_REPORT_USAGE (1U << 3)  // Linux 6.2
#endif
#ifndef IORING_FEAT_REG_REG_RING
#define IORING_FEAT_REG_REG_RING (1U << 13)  // Linux 6.3
#endif
#ifndef IORING_RECVSEND_BUNDLE
#define IORING_RECVSEND_BUNDLE (1U << 4)  // Linux 6.10
#endif
#ifndef IORING_FEAT_RECVSEND_BUNDLE
#define IORING_FEAT_RECVSEND_BUNDLE (1U << 14)  // Linux 6.10
#endif
#ifndef IORING_FEAT_MIN_TIMEOUT
#define IORING_FEAT_MIN_TIMEOUT (1U << 15)  // Linux 6.12
#endif
#ifndef IORING_FEAT_NO_IOWAIT
#define IORING_FEAT_NO_IOWAIT (1U << 17)  // Linux 6.15
#endif
#ifndef IORING_ENTER_NO_IOWAIT
#define IORING_ENTER_NO_IOWAIT (1U << 7)  // Linux 6.15
#endif

namespace corering::ring {

using Sqe = io_uring_sqe;
using Cqe = io_uring_cqe;

// io_uring_getevents_arg; `min_wait_us` was padding before Linux 6.12.
struct GetEventsArgument {
  std::uint64_t signal_mask;
  std::uint32_t signal_mask_bytes;
  std::uint32_t min_wait_us;
  std::uint64_t timeout;  // address of a __kernel_timespec, 0 for none
};
static_assert(sizeof(GetEventsArgument) == sizeof(io_uring_getevents_arg));

// io_uring_buf_reg; `flags` was padding before Linux 6.4.
struct BufferRingRegistration {
  std::uint64_t address;
  std::uint32_t entries;
  std::uint16_t group;
  std::uint16_t flags;
  std::uint64_t reserved[3];
};
static_assert(sizeof(BufferRingRegistration) == sizeof(io_uring_buf_reg));

}  // namespace corering::ring
