/** Pages of the memory that kernels compute in. */
#pragma once
#include <cstddef>
#include <cstdint>
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace dien {

/**
 * Asks for pages of 2 MiB where the system has them. Rows of a table are read at random, and of gigabytes in pages of
 * 4 KiB nearly every read looks its address up first. A wish alone: where it is not granted, nothing else changes.
 * To be called before the memory is first written.
 * @param base the first of `bytes` bytes, on a page's boundary
 */
inline void askForLargePages([[maybe_unused]] void* base, [[maybe_unused]] size_t bytes) {
#if defined(__linux__)
  constexpr size_t LARGE = size_t{2} << 20;
  if (bytes >= LARGE) madvise(base, bytes, MADV_HUGEPAGE);
#endif
}

}  // namespace dien
