#include "corering/ring/memlock.h"

#include "corering/base/byte_size.h"

namespace corering::ring {

namespace {

constexpr std::uint32_t kSubmissionEntriesMin = 64;
constexpr std::uint64_t kPageBytes = 4096;

std::uint64_t pages(std::uint64_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes; }

constexpr const char* kRemedy = "raise it (ulimit -l, or LimitMEMLOCK= in the service file) or start with fewer --cores";

}  // namespace

std::uint64_t ring_memory_bytes(const SetupOptions& options) {
  constexpr std::uint64_t kHeaderBytes = 512;
  const std::uint64_t shared =
      kHeaderBytes + options.completion_entries * sizeof(Cqe) + options.submission_entries * sizeof(std::uint32_t);
  return pages(shared) + pages(options.submission_entries * sizeof(Sqe));
}

base::Result<MemlockPlan> plan_memlock(const SetupOptions& wanted, std::uint64_t buffer_ring_bytes, std::uint32_t cores,
                                       std::uint64_t limit_bytes) {
  const auto need = [&](const SetupOptions& setup) { return cores * (ring_memory_bytes(setup) + pages(buffer_ring_bytes)); };
  MemlockPlan plan{wanted, {}};
  while (need(plan.setup) > limit_bytes && plan.setup.submission_entries / 2 >= kSubmissionEntriesMin) {
    plan.setup.submission_entries /= 2;
    plan.setup.completion_entries /= 2;
  }
  const std::string found = "found RLIMIT_MEMLOCK " + base::format_byte_size(limit_bytes) + ", need ";
  if (need(plan.setup) > limit_bytes) {
    return base::failure(
        {base::ErrorCode::limit_too_low, 0,
         found + base::format_byte_size(need(plan.setup)) + " for the rings of " + std::to_string(cores) + " cores: " + kRemedy});
  }
  if (plan.setup.submission_entries != wanted.submission_entries) {
    plan.warning = found + base::format_byte_size(need(wanted)) + " for " + std::to_string(cores) + " cores: rings shrunk to " +
                   std::to_string(plan.setup.submission_entries) + " entries; " + kRemedy;
  }
  return plan;
}

}  // namespace corering::ring
