#include "corering/ring/direct_descriptors.h"

#include <cerrno>
#include <string>
#include <utility>

namespace corering::ring {

base::Result<DirectDescriptors> DirectDescriptors::open(Ring& ring, std::uint32_t slots) {
  io_uring_rsrc_register registration{};
  registration.nr = slots;
  registration.flags = IORING_RSRC_REGISTER_SPARSE;
  const int result = ring.backend().register_resource(IORING_REGISTER_FILES2, &registration, sizeof(registration));
  if (result >= 0) return DirectDescriptors(ring, slots);
  return base::failure(base::os_error(-result, "registering a table of " + std::to_string(slots) + " direct descriptors"));
}

DirectDescriptors::DirectDescriptors(DirectDescriptors&& other) noexcept
    : ring_(std::exchange(other.ring_, nullptr)), slots_(other.slots_) {}

DirectDescriptors::~DirectDescriptors() {
  if (ring_ != nullptr) ring_->backend().register_resource(IORING_UNREGISTER_FILES, nullptr, 0);
}

}  // namespace corering::ring
