// Compression of values in the log, by LZ4: for values that are read rarely, a quarter of a microsecond per KiB to read again.
//
// A compressed value is its plain length (4 bytes) and an LZ4 block; record.h says where that is marked. Values of L1 are plain.
//
// Thread: any. Cost: no allocation; about 16 KiB of stack.
#pragma once

#include <cstddef>
#include <optional>

#include "corering/base/bytes.h"
#include "corering/cache/record.h"

namespace corering::cache {

// The plain value's bytes. Nothing if the record says it is compressed and is too short to be. Plain records: value().size().
std::optional<std::size_t> plain_value_bytes(const RecordView& record) noexcept;

// Writes the plain value. False if the block is damaged. Requires: into.size() is plain_value_bytes(record).
bool expand_value(const RecordView& record, base::MutableBytes into) noexcept;

// Writes `record` with a compressed value to `into`; returns its bytes, 0 if that saves less than an eighth. What lies in `into` is
// undefined then. Requires: the record is plain; into.size() >= record.bytes().
std::size_t compress_record(const RecordView& record, base::MutableBytes into) noexcept;

}  // namespace corering::cache
