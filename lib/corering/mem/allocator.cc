#include "corering/mem/allocator.h"

#include <new>

#ifdef CORERING_HAS_MIMALLOC
#include <dlfcn.h>
#include <mimalloc.h>
#endif

namespace corering::mem {

namespace {

constexpr Allocator kProcessAllocator{
    .open_pages = []() -> void* { return nullptr; },
    .close_pages = [](void*) {},
    .allocate = [](void*, std::size_t bytes,
                   std::size_t alignment) { return ::operator new(bytes, std::align_val_t{alignment}, std::nothrow); },
    .release = [](void* memory, std::size_t bytes,
                  std::size_t alignment) { ::operator delete(memory, bytes, std::align_val_t{alignment}); },
    .name = "malloc",
};

#ifdef CORERING_HAS_MIMALLOC

// What mimalloc gives any block of so many bytes or more; asking for it by name would take the slower way.
constexpr std::size_t kNaturalAlignment = 16;

struct Mimalloc {
  decltype(&mi_heap_new) heap_new;
  decltype(&mi_heap_delete) heap_delete;
  decltype(&mi_heap_malloc) heap_malloc;
  decltype(&mi_heap_malloc_aligned) heap_malloc_aligned;
  decltype(&mi_malloc) malloc;
  decltype(&mi_malloc_aligned) malloc_aligned;
  decltype(&mi_free) free;
};

Mimalloc mimalloc;

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

// RTLD_LOCAL: nobody's malloc is resolved to this library's. It stays loaded: pools may outlive main.
bool load() {
  // Its first number is that of the binary interface: 209 is 2.0.9, which Debian 12 has.
  constexpr const char* kName = MI_MALLOC_VERSION < 300 ? "libmimalloc.so.2" : "libmimalloc.so.3";
  void* library = ::dlopen(kName, RTLD_NOW | RTLD_LOCAL);
  return library != nullptr && find(library, "mi_heap_new", mimalloc.heap_new) &&
         find(library, "mi_heap_delete", mimalloc.heap_delete) && find(library, "mi_heap_malloc", mimalloc.heap_malloc) &&
         find(library, "mi_heap_malloc_aligned", mimalloc.heap_malloc_aligned) && find(library, "mi_malloc", mimalloc.malloc) &&
         find(library, "mi_malloc_aligned", mimalloc.malloc_aligned) && find(library, "mi_free", mimalloc.free);
}

void* allocate(void* pages, std::size_t bytes, std::size_t alignment) {
  auto* heap = static_cast<mi_heap_t*>(pages);
  if (alignment <= kNaturalAlignment && bytes >= alignment)
    return heap != nullptr ? mimalloc.heap_malloc(heap, bytes) : mimalloc.malloc(bytes);
  return heap != nullptr ? mimalloc.heap_malloc_aligned(heap, bytes, alignment) : mimalloc.malloc_aligned(bytes, alignment);
}

constexpr Allocator kMimalloc{
    .open_pages = []() -> void* { return mimalloc.heap_new(); },
    .close_pages = [](void* pages) { mimalloc.heap_delete(static_cast<mi_heap_t*>(pages)); },
    .allocate = allocate,
    .release = [](void* memory, std::size_t, std::size_t) { mimalloc.free(memory); },
    .name = "mimalloc",
};

#endif

const Allocator& choose() {
#ifdef CORERING_HAS_MIMALLOC
  if (load()) return kMimalloc;
#endif
  return kProcessAllocator;
}

}  // namespace

const Allocator& allocator() noexcept {
  static const Allocator& chosen = choose();
  return chosen;
}

}  // namespace corering::mem
