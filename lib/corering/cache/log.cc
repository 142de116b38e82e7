#include "corering/cache/log.h"

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "corering/cache/cold_reader.h"
#include "corering/cache/file_cleaner.h"
#include "corering/cache/file_tier.h"
#include "corering/cache/log_shared.h"
#include "corering/cache/memory_tier.h"
#include "corering/cache/placed_record.h"
#include "corering/cache/recovery.h"
#include "corering/cache/sync_points.h"
#include "corering/mem/mapping.h"

namespace corering::cache {

namespace {

// For long records that are read, for the segment that is cleaned, and for the recovery.
constexpr std::size_t kReadFrames = 4;
constexpr std::size_t kSegmentsMin = 8;

std::size_t frame_count(const LogOptions& options, bool with_file) {
  return options.memory_segments + (with_file ? options.staging_segments + kReadFrames : 0);
}

base::Error impossible(std::string text) { return {base::ErrorCode::invalid_argument, 0, std::move(text)}; }

std::uint64_t random_id() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

// What a log with a file has more.
struct FileParts {
  FileParts(LogShared& shared, MemoryTier& memory, FileTier& tier, BlockDevice& block_device, base::MutableBytes read_buffers)
      : device(block_device), syncs(shared, tier), cleaner(shared, tier, memory), reader(shared, tier, read_buffers) {
    recovery = std::make_unique<Recovery>(shared, tier, block_device);
  }

  BlockDevice& device;
  SyncPoints syncs;
  FileCleaner cleaner;
  ColdReader reader;
  std::unique_ptr<Recovery> recovery;  // until it is done
};

struct Log::Parts {
  Parts(const LogOptions& options, LogOwner& owner, const LogFileLayout& layout, BlockDevice* device, mem::Mapping own,
        base::MutableBytes memory)
      : mapping(std::move(own)),
        shared(options, owner, layout, memory.first(frame_count(options, device != nullptr) * options.segment_bytes)),
        tombstone(device != nullptr ? kKeyBytesMax + 64 : 0) {
    if (device != nullptr) tier.emplace(shared, *device);
    tiers_memory.emplace(shared, tier ? &*tier : nullptr);
    if (device != nullptr) {
      file.emplace(shared, *tiers_memory, *tier, *device, memory.subspan(shared.frames.count() * options.segment_bytes));
    }
  }

  void forget_file() {
    file->cleaner.abandon();
    tier->forget();
  }

  void overrun() {
    shared.counters.overruns.add();
    forget_file();
    shared.owner.on_file_forgotten();
  }

  // Tombstones wait for the disk, which does not take for ever. What they cannot wait for is a segment that only a sync point frees, for
  // that one would wait for them.
  void append_held() {
    if (!tier->append_held() && tier->is_healthy() && !tier->has_segment_for(FileTier::Priority::tombstone)) overrun();
  }

  mem::Mapping mapping;
  LogShared shared;
  std::optional<FileTier> tier;
  std::optional<MemoryTier> tiers_memory;
  std::optional<FileParts> file;
  std::vector<std::byte> tombstone;  // where it is put together
};

std::size_t Log::memory_bytes(const LogOptions& options, bool with_file) {
  const std::size_t buffers = with_file ? options.reads_in_flight_max * ColdReader::kBufferBytes : 0;
  return frame_count(options, with_file) * options.segment_bytes + buffers;
}

base::Result<std::unique_ptr<Log>> Log::open(const LogOptions& options, LogOwner& owner, base::MutableBytes memory) {
  return open(options, owner, nullptr, {.file_id = random_id()}, memory);
}

base::Result<std::unique_ptr<Log>> Log::open(const LogOptions& options, LogOwner& owner, BlockDevice& device,
                                             const LogFileLayout& layout, base::MutableBytes memory) {
  if (layout.segment_bytes != options.segment_bytes) {
    return base::failure(impossible("the cache file has segments of " + std::to_string(layout.segment_bytes) +
                                    " bytes, asked for " + std::to_string(options.segment_bytes)));
  }
  if (layout.segment_count < kSegmentsMin) {
    return base::failure(impossible("the cache file has " + std::to_string(layout.segment_count) + " segments, needs " +
                                    std::to_string(kSegmentsMin)));
  }
  if (device.bytes() < layout.file_bytes()) {
    return base::failure(impossible("the device has " + std::to_string(device.bytes()) + " bytes, the cache file needs " +
                                    std::to_string(layout.file_bytes())));
  }
  if (options.staging_segments < 2 || options.reads_in_flight_max == 0) {
    return base::failure(impossible("a log with a file needs two staging segments and one read in flight"));
  }
  return open(options, owner, &device, layout, memory);
}

base::Result<std::unique_ptr<Log>> Log::open(const LogOptions& options, LogOwner& owner, BlockDevice* device,
                                             const LogFileLayout& layout, base::MutableBytes memory) {
  const std::uint64_t segments = layout.segment_count + options.memory_segments;
  if (options.segment_bytes == 0 || options.segment_bytes % kFileBlockBytes != 0 || options.segment_bytes > UINT32_MAX / 2) {
    return base::failure(
        impossible("segments of " + std::to_string(options.segment_bytes) + " bytes: a multiple of 4096 is needed"));
  }
  if (segments == 0 || segments > LogLocation::kAddressableBytes / options.segment_bytes || options.memory_segments == 1) {
    return base::failure(impossible(std::to_string(segments) + " segments of " + std::to_string(options.segment_bytes) +
                                    " bytes: at least two in memory or a file, and 1 TiB at most"));
  }
  mem::Mapping own;
  if (memory.empty()) {
    auto mapped = mem::Mapping::open(memory_bytes(options, device != nullptr));
    if (!mapped) return base::failure(std::move(mapped.error()));
    own = std::move(*mapped);
    memory = own.bytes();
  }
  if (memory.size() < memory_bytes(options, device != nullptr)) {
    return base::failure(impossible("the log was given " + std::to_string(memory.size()) + " bytes, needs " +
                                    std::to_string(memory_bytes(options, device != nullptr))));
  }
  return std::unique_ptr<Log>(new Log(std::make_unique<Parts>(options, owner, layout, device, std::move(own), memory)));
}

Log::Log(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Log::~Log() = default;

std::size_t Log::record_bytes_max() const noexcept {
  const std::size_t bytes = parts_->shared.options.segment_bytes - BatchHeader::kBytes;
  return bytes / LogLocation::kUnitBytes * LogLocation::kUnitBytes;
}

LogLocation Log::try_append(LogTier tier, const RecordView& record) {
  if (tier == LogTier::memory) return parts_->tiers_memory->try_append(record);
  return parts_->tier ? parts_->tier->try_append(record) : LogLocation::nowhere();
}

void Log::append_tombstone(base::ByteView key, std::uint64_t sequence) {
  if (!parts_->tier || !parts_->tier->is_healthy()) return;  // a file that has failed is never believed again
  const RecordHeader header{
      .sequence = sequence, .kind = RecordKind::tombstone, .key_bytes = static_cast<std::uint32_t>(key.size())};
  write_record(parts_->tombstone.data(), header, key, {});
  parts_->shared.counters.tombstones.add();
  const RecordView record(parts_->tombstone.data());
  if (!parts_->tier->try_bury(record) && parts_->tier->is_healthy()) parts_->overrun();
}

void Log::clear() {
  parts_->shared.counters.clears.add();
  parts_->tiers_memory->clear();
  if (parts_->file) parts_->forget_file();
}

bool Log::prepare_sync() noexcept {
  if (!parts_->file) return true;
  if (!is_recovered()) return false;
  parts_->file->syncs.prepare();
  return parts_->file->cleaner.is_resting();
}

SyncTicket Log::sync() {
  if (!parts_->file) return 0;
  CORERING_ASSERT(parts_->file->syncs.is_prepared() && parts_->file->cleaner.is_resting(), "a sync point that was not prepared");
  return parts_->file->syncs.request();
}

std::optional<PinnedRecord> Log::try_view(LogLocation location) {
  LogShared& shared = parts_->shared;
  const SegmentId id = shared.segments.live_segment_of(location);
  if (id == kNoSegment || shared.segments[id].frame == kNoFrame) return std::nullopt;
  const Segment& segment = shared.segments[id];
  const std::size_t offset = shared.segments.offset_of(location);
  const base::ByteView bytes = shared.frames.bytes(segment.frame).first(segment.used_bytes).subspan(offset);
  const auto record = verify_placed(bytes, shared.salt(id, offset));
  if (!record) {
    shared.counters.reads_stale.add();
    return std::nullopt;
  }
  return PinnedRecord{*record, FramePin(shared.frames, segment.frame)};
}

Log::Residence Log::residence(LogLocation location) const noexcept {
  const LogShared& shared = parts_->shared;
  const SegmentId id = shared.segments.live_segment_of(location);
  if (id == kNoSegment) return Residence::gone;
  if (shared.segments[id].frame != kNoFrame) return Residence::memory;
  return parts_->tier->state() == FileState::off ? Residence::gone : Residence::file;
}

bool Log::try_read(ColdRead& read, LogLocation location) { return parts_->file && parts_->file->reader.try_read(read, location); }

bool Log::step(Readers readers) {
  if (!parts_->file) return parts_->tiers_memory->step();
  FileParts& file = *parts_->file;
  if (readers == Readers::hear) file.device.poll();
  if (file.recovery) {
    const bool more = file.recovery->step();
    if (file.recovery->is_done()) file.recovery.reset();
    return more;
  }
  parts_->tier->release_quarantined();
  parts_->append_held();
  bool more = readers == Readers::hear && file.reader.step();
  more |= file.syncs.step();
  if (!file.syncs.is_prepared() || !file.cleaner.is_resting()) more |= file.cleaner.step();
  more |= parts_->tiers_memory->step();
  return more;
}

void Log::begin_drain() { parts_->tiers_memory->begin_drain(); }
bool Log::is_drained() const noexcept { return parts_->tiers_memory->is_empty(); }

bool Log::is_file_full() const noexcept { return parts_->tier && parts_->tier->is_full(); }

FileState Log::file_state() const noexcept { return parts_->tier ? parts_->tier->state() : FileState::none; }
bool Log::is_recovered() const noexcept { return file_state() != FileState::recovering; }

bool Log::is_idle() const noexcept {
  if (!parts_->file) return true;
  const FileParts& file = *parts_->file;
  return parts_->tier->is_idle() && file.syncs.is_idle() && file.cleaner.is_idle() && file.reader.is_idle() &&
         (!file.recovery || file.recovery->is_idle());
}

const LogCounters& Log::counters() const noexcept { return parts_->shared.counters; }

LogUsage Log::usage() const noexcept {
  LogUsage usage;
  usage.memory_segments = parts_->tiers_memory->live_segments();
  usage.memory_bytes = parts_->tiers_memory->live_bytes();
  if (!parts_->file) return usage;
  usage.file_segments = parts_->tier->live_segments();
  usage.file_segments_free = parts_->tier->free_segments();
  usage.reads_in_flight = parts_->file->reader.in_flight();
  usage.reads_waiting = parts_->file->reader.waiting();
  return usage;
}

}  // namespace corering::cache
