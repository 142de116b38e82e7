// try_guarded_copy: a memcpy from or to a mapped file that says false when a page is not there, where memcpy would die of SIGBUS.
//
// A page of a mapped file is not there when somebody has truncated the file, when the disk is too full for a page that was a
// hole, or when the disk fails to read it. Nobody can ask beforehand: the file may change between question and copy.
//
// How: one process-wide handler of SIGBUS, which leaves a copy by siglongjmp(3) if, and only if, the calling thread is inside
// one and the address that failed lies in the range that this copy names. Every other SIGBUS goes to the handler that was there
// before, or ends the process as if there were none. Not chosen: mapping a page of zeros over the missing one, because other
// threads would take its zeros for the file's, and later writes to it would be lost. pread(2), pwrite(2) and process_vm_readv(2)
// need no handler and cost 0.2 us and more per copy (64 bytes, Linux 6.18 in a virtual machine).
//
// Thread: any. Requires: SIGBUS is not blocked in the thread, because the kernel ends the process for a blocked one; and who
// installs a handler of SIGBUS after us passes on what is not his.
// Cost: 5 ns more than the memcpy; a page that is not there a few us.
#pragma once

#include <cstddef>

#include "corering/base/bytes.h"

namespace corering::mem {

// Puts the handler in place; only the first call in the process does anything. Before the first copy.
void install_bus_guard();

// False: a page of `mapped` is not there, and any part of the bytes may have been copied. Requires: what can fail of `to` and
// `from` lies in `mapped`.
[[nodiscard]] bool try_guarded_copy(std::byte* to, const std::byte* from, std::size_t bytes, base::ByteView mapped) noexcept;

}  // namespace corering::mem
