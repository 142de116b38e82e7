#include "corering/runtime/exchange.h"

#include "corering/base/assert.h"

namespace corering::runtime {

Exchange::Exchange(std::uint32_t cores) : parked_(cores), left_(cores), fleet_(static_cast<std::uint16_t>(cores)) {
  CORERING_ASSERT(cores > 0 && cores <= UINT16_MAX, "cores are numbered with 16 bits");
  mailboxes_.reserve(std::size_t{cores} * cores);
  for (std::uint32_t pair = 0; pair < cores * cores; ++pair) mailboxes_.push_back(std::make_unique<Mailbox>());
}

bool Exchange::try_park(CoreId here) noexcept {
  parked_[here.value].flag.store(true, std::memory_order_seq_cst);
  for (std::uint16_t from = 0; from < cores(); ++from) {
    if (mailbox(CoreId{from}, here).empty()) continue;
    unpark(here);
    return false;
  }
  return true;
}

}  // namespace corering::runtime
