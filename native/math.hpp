/** Vectorised transcendental functions: the formulas of assembly/math.ts, operation for operation. */
#pragma once
#include "simd.hpp"

namespace dien {

/** 1.5 * 2^23: adding it rounds to an integer, which is then in the low bits of the sum. */
constexpr float ROUNDER = 12582912;

/** 2^f, |f| <= 1/2: a minimax polynomial. */
INLINE Vector power2(Vector f) {
  Vector p = madd(splat(0.0013264733953839156f), f, splat(0.00967151866134189f));
  p = madd(p, f, splat(0.05550733782479415f));
  p = madd(p, f, splat(0.24022241992665255f));
  p = madd(p, f, splat(0.6931469775430565f));
  return madd(p, f, splat(1));
}

/** 2^n, where n is what `ROUNDER` was added to. */
INLINE Vector scale2(Vector rounded) {
  return reinterpret_cast<Vector>((reinterpret_cast<Integers>(rounded) << 23) + reinterpret_cast<Integers>(splat(1)));
}

/** e^x; 0 below -87.33, saturated above 88.37. */
INLINE Vector exponential(Vector x) {
  const Vector log2e = splat(1.4426950408889634f);
  const Vector clamped = least(x, splat(88.37f));
  const Vector rounded = clamped * log2e + splat(ROUNDER);
  const Vector n = rounded - splat(ROUNDER);
  const Vector r = madd(n, splat(2.12194440e-4f), madd(n, splat(-0.693359375f), clamped));
  const Vector value = power2(r * log2e) * scale2(rounded);
  return x < splat(-87.33f) ? splat(0) : value;
}

/** 1 / (1 + e^-x). */
INLINE Vector sigmoid(Vector x) {
  const Vector t = greatest(least(x * splat(-1.4426950408889634f), splat(125)), splat(-125));
  const Vector rounded = t + splat(ROUNDER);
  const Vector p = power2(t - (rounded - splat(ROUNDER)));
  return splat(1) / madd(p, scale2(rounded), splat(1));
}

/** 2 / (1 + e^-2x) - 1. */
INLINE Vector tanh(Vector x) {
  const Vector s = sigmoid(x + x);
  return (s + s) - splat(1);
}

/** log(1 + x) for x in [0, 1], as 2 atanh(s) with s = x / (2 + x), whose series is cut after s^15. */
INLINE Vector logOnePlus(Vector x) {
  const Vector s = x / (x + splat(2));
  const Vector t = s * s;
  Vector p = madd(t, splat(2.0 / 15), splat(2.0 / 13));
  p = madd(p, t, splat(2.0 / 11));
  p = madd(p, t, splat(2.0 / 9));
  p = madd(p, t, splat(2.0 / 7));
  p = madd(p, t, splat(2.0 / 5));
  p = madd(p, t, splat(2.0 / 3));
  p = madd(p, t, splat(2));
  return p * s;
}

INLINE void sigmoidRow(int count, const float* x, float* out) {
  for (int j = 0, left = count; left > 0; left -= W, j += W) put(out + j, sigmoid(get(x + j, left)), left);
}

}  // namespace dien
