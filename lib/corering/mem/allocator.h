// The functions behind Heap: mimalloc's where it is to be had, else those of the process. Private to the room.
//
// Thread: any; the first call loads the library.
#pragma once

#include <cstddef>
#include <string_view>

namespace corering::mem {

struct Allocator {
  void* (*open_pages)();             // a heap for the calling thread; may be nullptr
  void (*close_pages)(void* pages);  // by the same thread; what lies in it stays valid
  // From `pages`, or from the calling thread's own for nullptr. nullptr if there is no memory.
  void* (*allocate)(void* pages, std::size_t bytes, std::size_t alignment);
  void (*release)(void* memory, std::size_t bytes, std::size_t alignment);  // on any thread
  std::string_view name;
};

const Allocator& allocator() noexcept;

}  // namespace corering::mem
