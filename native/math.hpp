/** Vectorised transcendental functions: the formulas of assembly/math.ts, operation for operation. */
#pragma once
#include "simd.hpp"

namespace dien {

/** 1.5 * 2^23: adding it rounds to an integer, which is then in the low bits of the sum. */
constexpr float ROUNDER = 12582912;

/** The minimax polynomial of 2^f - 1, |f| <= 1/2, without its first coefficient: the others, highest first. */
constexpr float POWERS[] = {0.00967151866134189f, 0.05550733782479415f, 0.24022241992665255f, 0.6931469775430565f, 1};

/** x[v] = 2^x[v] of N vectors, |x| <= 1/2. */
template <int N>
INLINE void powers2(Vector* x) {
  Vector p[N];
#pragma GCC unroll 8
  for (int v = 0; v < N; v++) p[v] = splat(0.0013264733953839156f);
#pragma GCC unroll 8
  for (float power : POWERS) {
#pragma GCC unroll 8
    for (int v = 0; v < N; v++) p[v] = madd(p[v], x[v], splat(power));
  }
#pragma GCC unroll 8
  for (int v = 0; v < N; v++) x[v] = p[v];
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
  Vector power[] = {r * log2e};
  powers2<1>(power);
  return x < splat(-87.33f) ? splat(0) : power[0] * scale2(rounded);
}

/**
 * x[v] = 1 / (1 + e^-x[v]) of N vectors, all of them an operation at a time: beside each other they hide the latency of the
 * operations, which one after the other they would not, for a processor looks only so far ahead.
 */
template <int N>
INLINE void sigmoids(Vector* x) {
  Vector rounded[N];
#pragma GCC unroll 8
  for (int v = 0; v < N; v++) x[v] = greatest(least(x[v] * splat(-1.4426950408889634f), splat(125)), splat(-125));
#pragma GCC unroll 8
  for (int v = 0; v < N; v++) rounded[v] = x[v] + splat(ROUNDER);
#pragma GCC unroll 8
  for (int v = 0; v < N; v++) x[v] = x[v] - (rounded[v] - splat(ROUNDER));
  powers2<N>(x);
#pragma GCC unroll 8
  for (int v = 0; v < N; v++) x[v] = splat(1) / madd(x[v], scale2(rounded[v]), splat(1));
}

/** x[v] = 2 / (1 + e^-2x[v]) - 1. */
template <int N>
INLINE void tanhs(Vector* x) {
#pragma GCC unroll 8
  for (int v = 0; v < N; v++) x[v] = x[v] + x[v];
  sigmoids<N>(x);
#pragma GCC unroll 8
  for (int v = 0; v < N; v++) x[v] = (x[v] + x[v]) - splat(1);
}

INLINE Vector sigmoid(Vector x) {
  sigmoids<1>(&x);
  return x;
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
  constexpr int N = 4;
  for (; count >= N * W; count -= N * W, x += N * W, out += N * W) {
    Vector some[N];
    for (int v = 0; v < N; v++) some[v] = get(x + v * W, W);
    sigmoids<N>(some);
    for (int v = 0; v < N; v++) put(out + v * W, some[v], W);
  }
  for (; count > 0; count -= W, x += W, out += W) put(out, sigmoid(get(x, count)), count);
}

}  // namespace dien
