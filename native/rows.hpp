/** What many kernels do with a row. */
#pragma once
#include "simd.hpp"

namespace dien {

/** out[0..count) (+)= x[0..count). */
INLINE void copyRow(int count, const float* x, float* out, int accumulate) {
  for (int j = 0, left = count; left > 0; left -= W, j += W) {
    const Vector value = get(x + j, left);
    put(out + j, accumulate ? get(out + j, left) + value : value, left);
  }
}

/** out[0..count) (+)= factor * x[0..count). */
INLINE void scaleRow(int count, float factor, const float* x, float* out, int accumulate) {
  for (int j = 0, left = count; left > 0; left -= W, j += W) {
    const Vector value = get(x + j, left);
    put(out + j, accumulate ? madd(value, splat(factor), get(out + j, left)) : value * splat(factor), left);
  }
}

/** So many rows before its turn a row of a table is asked for: of a large table it lies in no cache. */
constexpr int AHEAD = 8;

/** Has the lines of the cache that row x[0..count) lies in fetched. */
INLINE void prefetchRow(int count, const float* x) {
  constexpr int LINE = 16;
  for (int j = 0; j < count; j += LINE) __builtin_prefetch(x + j);
  __builtin_prefetch(x + count - 1);
}

/** sum_j a[j] b[j], in four lanes. */
INLINE float dotRow(int count, const float* a, const float* b) {
  Four sums = {};
  for (int j = 0, left = count; left > 0; left -= 4, j += 4) sums = getFour(a + j, left) * getFour(b + j, left) + sums;
  return sum(sums);
}

}  // namespace dien
