/**
 * Vectors of W floats, as the compiler has them: 8 with AVX2, 4 elsewhere (SSE2, NEON). Nothing is fused or reordered: each
 * operation is rounded on its own, so a kernel gives the same bits as the WebAssembly build, whatever W.
 */
#pragma once
#include <cstdint>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace dien {

#if defined(__AVX2__)
constexpr int W = 8;
#else
constexpr int W = 4;
#endif

typedef float Vector __attribute__((vector_size(4 * W)));
typedef int32_t Integers __attribute__((vector_size(4 * W)));
typedef float Four __attribute__((vector_size(16)));
/** The same at any address of a float. */
typedef float LooseVector __attribute__((vector_size(4 * W), aligned(4), may_alias));
typedef float LooseFour __attribute__((vector_size(16), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

/** All lanes `x`; x - 0 keeps a negative zero. */
INLINE Vector splat(float x) { return x - Vector{}; }

/** The first min(left, W) floats at `p`, left >= 1; other lanes are 0 and their memory is not touched. */
INLINE Vector get(const float* p, int left) {
  if (left >= W) return *reinterpret_cast<const LooseVector*>(p);
#if defined(__AVX2__)
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32(left), lanes));
#else
  Vector x = {};
  for (int i = 0; i < left; i++) x[i] = p[i];
  return x;
#endif
}

/** Stores the first min(left, W) lanes, left >= 1. A masked store would cost many times what up to three plain ones do. */
INLINE void put(float* p, Vector x, int left) {
  if (left >= W) {
    *reinterpret_cast<LooseVector*>(p) = x;
    return;
  }
  Four rest = {x[0], x[1], x[2], x[3]};
  if (W > 4 && left >= 4) {
    *reinterpret_cast<LooseFour*>(p) = rest;
    rest = Four{x[W - 4], x[W - 3], x[W - 2], x[W - 1]};
    p += 4;
    left -= 4;
  }
  if (left >= 2) {
    p[0] = rest[0];
    p[1] = rest[1];
    if (left == 3) p[2] = rest[2];
  } else if (left == 1) {
    p[0] = rest[0];
  }
}

/** As `get`, of four: sums over a row have four lanes in every build. */
INLINE Four getFour(const float* p, int left) {
  if (left >= 4) return *reinterpret_cast<const LooseFour*>(p);
  Four x = {};
  for (int i = 0; i < left; i++) x[i] = p[i];
  return x;
}

/** Its four lanes, and after them zeros. */
INLINE Vector widened(Four x) {
#if defined(__AVX2__)
  return _mm256_zextps128_ps256(x);
#else
  return x;
#endif
}

/** Sum of the four lanes. */
INLINE float sum(Four x) { return (x[0] + x[2]) + (x[1] + x[3]); }

/** a * b + c, rounded twice. */
INLINE Vector madd(Vector a, Vector b, Vector c) { return a * b + c; }

/** y where y < x, else x: a NaN of x stays. */
INLINE Vector least(Vector x, Vector y) {
#if defined(__AVX2__)
  return _mm256_min_ps(y, x);
#else
  return y < x ? y : x;
#endif
}
/** y where x < y, else x. */
INLINE Vector greatest(Vector x, Vector y) {
#if defined(__AVX2__)
  return _mm256_max_ps(y, x);
#else
  return x < y ? y : x;
#endif
}

INLINE Vector magnitude(Vector x) { return reinterpret_cast<Vector>(reinterpret_cast<Integers>(x) & 0x7fffffff); }
INLINE Vector negative(Vector x) { return reinterpret_cast<Vector>(reinterpret_cast<Integers>(x) ^ INT32_MIN); }

INLINE Vector root(Vector x) {
#if defined(__AVX2__)
  return _mm256_sqrt_ps(x);
#else
  for (int i = 0; i < W; i++) x[i] = __builtin_sqrtf(x[i]);
  return x;
#endif
}

/** Sum of squares in double precision, of lanes 0 and 2, 1 and 3 of four after four. */
struct Squares {
  double even = 0;
  double odd = 0;

  void add(Four x) {
    even += static_cast<double>(x[0]) * x[0];
    odd += static_cast<double>(x[1]) * x[1];
    even += static_cast<double>(x[2]) * x[2];
    odd += static_cast<double>(x[3]) * x[3];
  }

  /** The first `left` lanes, of which the others are 0. */
  void add(Vector x, int left) {
    for (int i = 0; i < W && i < left; i += 4) add(Four{x[i], x[i + 1], x[i + 2], x[i + 3]});
  }

  double total() const { return even + odd; }
};

}  // namespace dien
