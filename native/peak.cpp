/** The best rate of the machine's multiplications and additions, for `npm run bench`. No part of the kernel contract. */
#include "kernels.hpp"
#include "simd.hpp"
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace dien {
namespace {

/** Independent sums: as many as cover the latency of a multiplication and an addition, and stay in registers. */
constexpr int CHAINS = 12;

struct Chains {
  Vector sums[CHAINS];

  Chains() {
    for (int i = 0; i < CHAINS; i++) sums[i] = splat(static_cast<float>(i));
  }

  double operations(int iterations) const {
    // The compiler has to take it that the sums are read, and leaves nothing out.
    for (const Vector& sum : sums) __asm__ volatile("" : : "m"(sum));
    return 2.0 * W * CHAINS * iterations;
  }
};

double rounded(int iterations, float factor, float addend) {
  Chains chains;
  const Vector x = splat(factor), y = splat(addend);
  for (int i = 0; i < iterations; i++) {
#pragma GCC unroll 12
    for (Vector& sum : chains.sums) sum = madd(sum, x, y);
  }
  return chains.operations(iterations);
}

#if defined(__AVX2__)
__attribute__((target("avx2,fma")))
#endif
double fused(int iterations, float factor, float addend) {
  Chains chains;
  const Vector x = splat(factor), y = splat(addend);
  for (int i = 0; i < iterations; i++) {
#pragma GCC unroll 12
    for (Vector& sum : chains.sums) {
#if defined(__AVX2__)
      sum = _mm256_fmadd_ps(sum, x, y);
#elif defined(__aarch64__)
      sum = vfmaq_f32(y, sum, x);
#else
      sum = madd(sum, x, y);
#endif
    }
  }
  return chains.operations(iterations);
}

}  // namespace

double peak(int iterations, float factor, float addend, int isFused) {
  if (!isFused) return rounded(iterations, factor, addend);
#if defined(__AVX2__)
  if (!__builtin_cpu_supports("fma")) return 0;
#endif
  return fused(iterations, factor, addend);
}

}  // namespace dien
