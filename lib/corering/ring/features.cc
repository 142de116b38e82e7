#include "corering/ring/features.h"

#include <array>
#include <vector>

#include "corering/mem/mapping.h"
#include "corering/sys/kernel_version.h"

namespace corering::ring {

namespace {

using enum Feature;

constexpr std::array<FeatureRow, kFeatureCount> kTable{{
    {wait_timeout, "wait time-out in enter", "5.11", "feature bit EXT_ARG", Need::required, "does not start"},
    {no_dropped_completions, "completions are never dropped", "5.5", "feature bit NODROP", Need::required, "does not start"},
    {stable_submit, "message headers needed only until submit", "5.5", "feature bit SUBMIT_STABLE", Need::required,
     "does not start"},
    {buffer_ring, "provided-buffer ring", "5.19", "registering one", Need::required, "does not start"},
    {multishot_accept, "multishot accept", "5.19", "opcode SOCKET, of the same release", Need::required, "does not start"},
    {multishot_receive, "multishot receive", "6.0", "opcode SEND_ZC, of the same release", Need::required, "does not start"},
    {single_issuer, "one issuer per ring", "6.0", "set-up flag, ladder", Need::optional, "kernel locks on submission"},
    {deferred_task_run, "completions made only inside enter", "6.1", "set-up flag, ladder", Need::optional,
     "cooperative task runs, some interruptions"},
    {message_ring, "waking a core through its ring", "5.18", "opcode MSG_RING", Need::optional, "wakes by eventfd"},
    {direct_descriptors, "descriptors private to the ring", "5.19", "registering an empty table", Need::optional,
     "--direct_descriptors is refused"},
    {zero_copy_send, "zero-copy send", "6.0", "opcode SEND_ZC", Need::optional, "plain sends"},
    {zero_copy_report, "report whether a zero-copy send copied", "6.2", "feature bit REG_REG_RING (6.3)", Need::optional,
     "plain sends"},
    {bundles, "one completion for several buffers", "6.10", "feature bit RECVSEND_BUNDLE", Need::optional,
     "one completion per buffer"},
    {incremental_buffers, "several receives into one buffer", "6.12", "registering one; known bad before 6.15", Need::optional,
     "one buffer per receive"},
    {min_wait, "bounded wait for a batch", "6.12", "feature bit MIN_TIMEOUT", Need::optional, "every completion wakes the core"},
    {no_iowait, "idle rings not counted as iowait", "6.15", "feature bit NO_IOWAIT", Need::optional, "idle cores show as iowait"},
}};

constexpr std::uint16_t kIncrementalFlag = 2;  // IOU_PBUF_RING_INC

bool can_register_buffer_ring(Backend& backend, std::uint16_t flags) {
  // A group number that no server uses: the probe leaves nothing behind.
  constexpr std::uint16_t kProbeGroup = 0xffff;
  auto memory = mem::Mapping::open(4096);
  if (!memory) return false;
  BufferRingRegistration registration{};
  registration.address = reinterpret_cast<std::uint64_t>(memory->bytes().data());
  registration.entries = 1;
  registration.group = kProbeGroup;
  registration.flags = flags;
  if (backend.register_resource(IORING_REGISTER_PBUF_RING, &registration, 1) < 0) return false;
  BufferRingRegistration removal{};
  removal.group = kProbeGroup;
  backend.register_resource(IORING_UNREGISTER_PBUF_RING, &removal, 1);
  return true;
}

bool can_register_direct_descriptors(Backend& backend) {
  io_uring_rsrc_register registration{};
  registration.nr = 1;
  registration.flags = IORING_RSRC_REGISTER_SPARSE;
  if (backend.register_resource(IORING_REGISTER_FILES2, &registration, sizeof(registration)) < 0) return false;
  backend.register_resource(IORING_UNREGISTER_FILES, nullptr, 0);
  return true;
}

class Opcodes {
 public:
  explicit Opcodes(Backend& backend) : memory_(sizeof(io_uring_probe) + kOpcodesMax * sizeof(io_uring_probe_op)) {
    if (backend.register_resource(IORING_REGISTER_PROBE, memory_.data(), kOpcodesMax) < 0) probe().ops_len = 0;
  }

  bool has(unsigned opcode) { return opcode < probe().ops_len && (probe().ops[opcode].flags & IO_URING_OP_SUPPORTED) != 0; }

 private:
  static constexpr unsigned kOpcodesMax = 256;

  io_uring_probe& probe() { return *reinterpret_cast<io_uring_probe*>(memory_.data()); }

  std::vector<std::byte> memory_;
};

// Linux 6.12 to 6.14 lost or mixed up bytes of incremental buffers in several ways, each mended later. Source: the fixes to
// io_uring/kbuf.c in 6.13 to 6.15.
bool incremental_buffers_are_sound() { return sys::kernel_version() >= sys::KernelVersion{6, 15}; }

}  // namespace

std::span<const FeatureRow> feature_table() { return kTable; }

FeatureSet probe_features(Backend& backend, const OpenedRing& opened) {
  const auto bit = [&](std::uint32_t mask) { return (opened.feature_bits & mask) != 0; };
  const auto flag = [&](std::uint32_t mask) { return (opened.setup_flags & mask) != 0; };
  Opcodes opcodes(backend);
  FeatureSet features;
  features.set(wait_timeout, bit(IORING_FEAT_EXT_ARG));
  features.set(no_dropped_completions, bit(IORING_FEAT_NODROP));
  features.set(stable_submit, bit(IORING_FEAT_SUBMIT_STABLE));
  features.set(buffer_ring, can_register_buffer_ring(backend, 0));
  features.set(multishot_accept, opcodes.has(IORING_OP_SOCKET));
  features.set(multishot_receive, opcodes.has(IORING_OP_SEND_ZC));
  features.set(single_issuer, flag(IORING_SETUP_SINGLE_ISSUER));
  features.set(deferred_task_run, flag(IORING_SETUP_DEFER_TASKRUN));
  features.set(message_ring, opcodes.has(IORING_OP_MSG_RING));
  features.set(direct_descriptors, can_register_direct_descriptors(backend));
  features.set(zero_copy_send, opcodes.has(IORING_OP_SEND_ZC));
  features.set(zero_copy_report, bit(IORING_FEAT_REG_REG_RING));
  features.set(bundles, bit(IORING_FEAT_RECVSEND_BUNDLE));
  features.set(incremental_buffers, incremental_buffers_are_sound() && can_register_buffer_ring(backend, kIncrementalFlag));
  features.set(min_wait, bit(IORING_FEAT_MIN_TIMEOUT));
  features.set(no_iowait, bit(IORING_FEAT_NO_IOWAIT));
  return features;
}

base::Result<> require_features(const FeatureSet& features) {
  for (const FeatureRow& row : kTable) {
    if (row.need == Need::optional || features.has(row.feature)) continue;
    return base::failure({base::ErrorCode::unsupported, 0,
                          "found a kernel (" + sys::kernel_release() + ") without io_uring's " + std::string(row.name) +
                              ", need Linux " + std::string(row.since) + ": run on Linux 6.1 or newer"});
  }
  return {};
}

std::string feature_report(const FeatureSet& features) {
  std::string report = "Linux " + sys::kernel_release() + "\n";
  const auto column = [&report](std::string_view text, std::size_t width) {
    report += text;
    report.append(text.size() < width ? width - text.size() : 0, ' ');
    report += "  ";
  };
  const auto row = [&](std::string_view name, std::string_view since, std::string_view found, std::string_view probe,
                       std::string_view without) {
    column(name, 41);
    column(since, 5);
    column(found, 7);
    column(probe, 39);
    report += without;
    report += '\n';
  };
  row("feature", "since", "here", "probed by", "without it");
  for (const FeatureRow& entry : kTable) {
    row(entry.name, entry.since, features.has(entry.feature) ? "found" : "missing", entry.probe, entry.without);
  }
  return report;
}

}  // namespace corering::ring
