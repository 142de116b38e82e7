// Operations: one typed function per kind of submission.
//
// Each fills a submission entry and nothing else: no system call, no allocation; the Ring owns user_data. What an operation
// points at stays valid until its terminal completion, unless the function says less. Source: io_uring_enter(2).
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "corering/base/bytes.h"
#include "corering/ring/completion.h"
#include "corering/ring/kernel_abi.h"
#include "corering/sys/socket_address.h"

namespace corering::ring {

// A file as an operation names it: a descriptor of the process or a slot of the ring's own table.
struct FileRef {
  enum class Kind : std::uint8_t { descriptor, direct };

  int index = -1;
  Kind kind = Kind::descriptor;

  bool is_direct() const noexcept { return kind == Kind::direct; }
  friend bool operator==(FileRef, FileRef) = default;
};

// Names a provided-buffer ring.
struct BufferGroup {
  std::uint16_t id = 0;
};

enum class AcceptInto : std::uint8_t { descriptors, direct_slots };

// Clears an entry except user_data and sets what all operations have.
inline void prepare(Sqe& sqe, std::uint8_t opcode, FileRef file) noexcept {
  const std::uint64_t user_data = sqe.user_data;
  sqe = Sqe{};
  sqe.user_data = user_data;
  sqe.opcode = opcode;
  sqe.fd = file.index;
  sqe.flags = file.is_direct() ? IOSQE_FIXED_FILE : 0;
}

// Completes at once with 0.
inline void prepare_nop(Sqe& sqe) noexcept { prepare(sqe, IORING_OP_NOP, FileRef{}); }

inline void set_accept_target(Sqe& sqe, AcceptInto into) noexcept {
  if (into == AcceptInto::descriptors) {
    sqe.accept_flags = SOCK_CLOEXEC;
  } else {
    sqe.file_index = IORING_FILE_INDEX_ALLOC;
  }
}

// Accepts one connection. Value: its descriptor or slot.
inline void prepare_accept(Sqe& sqe, FileRef listener, AcceptInto into) noexcept {
  prepare(sqe, IORING_OP_ACCEPT, listener);
  set_accept_target(sqe, into);
}

// One completion per accepted connection: its descriptor or slot. Ends, without F_MORE, on any error, EMFILE included. With
// direct slots and a full table it ends and the accepted client is dropped: keep slots in reserve. Kernel: 5.19.
inline void prepare_accept_multishot(Sqe& sqe, FileRef listener, AcceptInto into) noexcept {
  prepare_accept(sqe, listener, into);
  sqe.ioprio = IORING_ACCEPT_MULTISHOT;
}

// Connects a socket. `address` stays until the terminal completion. Value: 0. A socket whose connect has failed or was cancelled is of
// no more use. Kernel: 5.5.
inline void prepare_connect(Sqe& sqe, FileRef socket, const sys::SocketAddress& address) noexcept {
  prepare(sqe, IORING_OP_CONNECT, socket);
  sqe.addr = reinterpret_cast<std::uint64_t>(address.data());
  sqe.off = address.bytes();
}

// One completion per piece received, each in a chunk out of `group`. Ends without F_MORE at the end of the stream (value 0), on an
// error, on -ENOBUFS when the group is empty (data stays in the socket), or whenever the kernel likes: re-arm then. Kernel: 6.0.
// An empty group is an error even if there is no data yet. POLL_FIRST would change that, but with it the end of an AF_UNIX stream is
// never reported if it was there, behind data, before the start (seen with Linux 6.18: its AF_UNIX reports "no more bytes queued",
// and the kernel goes to sleep on an event that has passed).
inline void prepare_receive_multishot(Sqe& sqe, FileRef socket, BufferGroup group) noexcept {
  prepare(sqe, IORING_OP_RECV, socket);
  sqe.flags |= IOSQE_BUFFER_SELECT;
  sqe.buf_group = group.id;
  sqe.ioprio = IORING_RECV_MULTISHOT;
}

// Receives once, into memory of the caller, at most 1 GiB. Value: bytes, 0 at the end of the stream.
inline void prepare_receive(Sqe& sqe, FileRef socket, base::MutableBytes into) noexcept {
  prepare(sqe, IORING_OP_RECV, socket);
  sqe.addr = reinterpret_cast<std::uint64_t>(into.data());
  sqe.len = static_cast<std::uint32_t>(std::min(into.size(), std::size_t{1} << 30));
}

// The same, but waits until `into` is full, the stream ends or breaks, or it is cancelled; a smaller value stays legal all the same.
inline void prepare_receive_all(Sqe& sqe, FileRef socket, base::MutableBytes into) noexcept {
  prepare_receive(sqe, socket, into);
  sqe.msg_flags = MSG_WAITALL;
}

// The same, but does not wait: -EAGAIN if no data is there.
inline void prepare_receive_at_once(Sqe& sqe, FileRef socket, base::MutableBytes into) noexcept {
  prepare_receive(sqe, socket, into);
  sqe.msg_flags = MSG_DONTWAIT;
}

// Waits until the file is ready for one of `events` (POLLIN, POLLOUT, ...). Value: those that it is ready for; POLLERR and POLLHUP
// come unasked.
inline void prepare_poll(Sqe& sqe, FileRef file, std::uint32_t events) noexcept {
  prepare(sqe, IORING_OP_POLL_ADD, file);
  sqe.poll32_events = events;
}

// MSG_WAITALL: the kernel itself goes on after a short send (without it 8 MiB stopped at 3.9 MB); a short result stays legal.
inline constexpr int kSendFlags = MSG_WAITALL | MSG_NOSIGNAL;

// Sends one piece. Value: bytes taken by the kernel.
inline void prepare_send(Sqe& sqe, FileRef socket, base::ByteView bytes) noexcept {
  prepare(sqe, IORING_OP_SEND, socket);
  sqe.addr = reinterpret_cast<std::uint64_t>(bytes.data());
  sqe.len = static_cast<std::uint32_t>(bytes.size());
  sqe.msg_flags = kSendFlags;
}

// Sends several pieces gathered. `header` and its iovec array are needed until the next enter only (feature stable_submit), the
// bytes until the terminal completion.
inline void prepare_send_gathered(Sqe& sqe, FileRef socket, const msghdr& header) noexcept {
  prepare(sqe, IORING_OP_SENDMSG, socket);
  sqe.addr = reinterpret_cast<std::uint64_t>(&header);
  sqe.len = 1;
  sqe.msg_flags = kSendFlags;
}

// Whether the notification of a zero-copy send says if the kernel copied after all. Kernel: 6.2.
enum class UsageReport : std::uint8_t { without, with };

// The value of a notification with a usage report, if the kernel copied.
inline constexpr std::uint32_t kZeroCopyWasCopied = 0x8000'0000;

// Sends without copying where the device allows. A first completion carries the result; if it has F_MORE, a notification follows,
// and only then may the memory be reused, even if the send failed. Kernel: 6.0; AF_UNIX refuses it (EOPNOTSUPP).
inline void prepare_send_zero_copy(Sqe& sqe, FileRef socket, base::ByteView bytes, UsageReport report) noexcept {
  prepare_send(sqe, socket, bytes);
  sqe.opcode = IORING_OP_SEND_ZC;
  if (report == UsageReport::with) sqe.ioprio |= IORING_SEND_ZC_REPORT_USAGE;
}

// The same from memory inside registered buffer `buffer`: the kernel need not pin pages.
inline void prepare_send_zero_copy_fixed(Sqe& sqe, FileRef socket, base::ByteView bytes, std::uint16_t buffer,
                                         UsageReport report) noexcept {
  prepare_send_zero_copy(sqe, socket, bytes, report);
  sqe.ioprio |= IORING_RECVSEND_FIXED_BUF;
  sqe.buf_index = buffer;
}

// Both at once: several pieces, gathered, without copying. Kernel: 6.1.
inline void prepare_send_gathered_zero_copy(Sqe& sqe, FileRef socket, const msghdr& header, UsageReport report) noexcept {
  prepare_send_gathered(sqe, socket, header);
  sqe.opcode = IORING_OP_SENDMSG_ZC;
  if (report == UsageReport::with) sqe.ioprio |= IORING_SEND_ZC_REPORT_USAGE;
}

// Reads once at the file's own position (eventfds, pipes).
inline void prepare_read(Sqe& sqe, FileRef file, base::MutableBytes into) noexcept {
  prepare(sqe, IORING_OP_READ, file);
  sqe.addr = reinterpret_cast<std::uint64_t>(into.data());
  sqe.len = static_cast<std::uint32_t>(into.size());
  sqe.off = UINT64_MAX;
}

// Reads at an offset of a file, into memory inside registered buffer `buffer` if there is one. Value: bytes, 0 beyond the end.
inline void prepare_read_at(Sqe& sqe, FileRef file, base::MutableBytes into, std::uint64_t offset,
                            std::optional<std::uint16_t> buffer) noexcept {
  prepare(sqe, buffer ? IORING_OP_READ_FIXED : IORING_OP_READ, file);
  sqe.addr = reinterpret_cast<std::uint64_t>(into.data());
  sqe.len = static_cast<std::uint32_t>(into.size());
  sqe.off = offset;
  sqe.buf_index = buffer.value_or(0);
}

// Writes at an offset of a file. Value: bytes, which may be fewer.
inline void prepare_write_at(Sqe& sqe, FileRef file, base::ByteView from, std::uint64_t offset,
                             std::optional<std::uint16_t> buffer) noexcept {
  prepare(sqe, buffer ? IORING_OP_WRITE_FIXED : IORING_OP_WRITE, file);
  sqe.addr = reinterpret_cast<std::uint64_t>(from.data());
  sqe.len = static_cast<std::uint32_t>(from.size());
  sqe.off = offset;
  sqe.buf_index = buffer.value_or(0);
}

// fdatasync(2), by a worker thread of the kernel. Covers the writes that completed before it was submitted.
inline void prepare_sync_data(Sqe& sqe, FileRef file) noexcept {
  prepare(sqe, IORING_OP_FSYNC, file);
  sqe.fsync_flags = IORING_FSYNC_DATASYNC;
}

// Cancels the operation of `target`. Value: 0 (the target ends with ECANCELED), -ENOENT (it ended already) or -EALREADY (it is
// running: wait for it). The target always ends with a completion of its own; the order of the two is not fixed.
inline void prepare_cancel(Sqe& sqe, const Completion& target) noexcept {
  prepare(sqe, IORING_OP_ASYNC_CANCEL, FileRef{});
  sqe.addr = reinterpret_cast<std::uint64_t>(&target);
}

// shutdown(2) by a worker thread of the kernel: only for direct slots, which the plain call cannot name. Kernel: 5.11.
inline void prepare_shutdown(Sqe& sqe, FileRef socket, int how) noexcept {
  prepare(sqe, IORING_OP_SHUTDOWN, socket);
  sqe.len = static_cast<std::uint32_t>(how);
}

// Closes a descriptor or frees a direct slot. Requires: nothing is in flight on it: a close would yield neither completions nor a
// FIN.
// Kernel: 5.6, direct slots 5.15.
inline void prepare_close(Sqe& sqe, FileRef file) noexcept {
  prepare(sqe, IORING_OP_CLOSE, FileRef{file.is_direct() ? 0 : file.index, FileRef::Kind::descriptor});
  if (file.is_direct()) sqe.file_index = static_cast<std::uint32_t>(file.index) + 1;
}

// Posts a completion to another ring, where `target` is adopted (Ring::adopt), with `value` as its value.
// Kernel: 5.18, fast from 6.11.
inline void prepare_message_ring(Sqe& sqe, int ring_fd, const Completion& target, std::uint32_t value) noexcept {
  prepare(sqe, IORING_OP_MSG_RING, FileRef{ring_fd, FileRef::Kind::descriptor});
  sqe.len = value;
  sqe.off = reinterpret_cast<std::uint64_t>(&target);
}

}  // namespace corering::ring
