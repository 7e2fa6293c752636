/**
 * Matrix products. A block of R rows and N vectors of C stays in registers while p runs over the sum; rows and columns are
 * cut into blocks of about equal size. Every sum runs over p in ascending order from what `init` holds, so an element does
 * not depend on m, n or its place.
 */
#pragma once
#include "simd.hpp"

namespace dien {

/** Vectors of a block, and rows beside so many: they fit the 16 registers of AVX2, and the 32 of NEON. */
constexpr int MOST_VECTORS = 3;
constexpr int mostRows(int vectors) { return vectors == 1 ? 8 : vectors == 2 ? 6 : 4; }

/** One factor of a product: A as it is, or transposed. */
enum Form { PLAIN, TRANSPOSED };

/** What stays the same from block to block. */
struct Sizes {
  int k;
  intptr_t lda, ldb, ldc, ldi;
};

/** The last vector of a block: whole, its first four columns, or its first `last`, by masks. */
enum Last { WHOLE, FOUR, PART };

template <Last LAST>
INLINE Vector getLast(const float* p, int last) {
  if (LAST == FOUR) return widened(getFour(p, 4));
  return get(p, LAST == WHOLE ? W : last);
}

/** A block of C. */
template <Form FORM, int R, int N, Last LAST>
static void block(const Sizes& sizes, const float* a, const float* b, float* c, const float* init, int last) {
  const auto [k, lda, ldb, ldc, ldi] = sizes;
  const auto load = [last](const float* p, int v) {
    return v < N - 1 ? get(p + v * W, W) : getLast<LAST>(p + v * W, last);
  };
  Vector sums[R][N];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 8
    for (int v = 0; v < N; v++) sums[r][v] = init ? load(init + r * ldi, v) : Vector{};
  }
  for (int p = 0; p < k; p++, b += ldb, a += FORM == TRANSPOSED ? lda : 1) {
    Vector row[N];
#pragma GCC unroll 8
    for (int v = 0; v < N; v++) row[v] = load(b, v);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      const Vector x = splat(FORM == TRANSPOSED ? a[r] : a[r * lda]);
#pragma GCC unroll 8
      for (int v = 0; v < N; v++) sums[r][v] = madd(x, row[v], sums[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 8
    for (int v = 0; v < N; v++) put(c + r * ldc + v * W, sums[r][v], LAST == WHOLE || v < N - 1 ? W : LAST == FOUR ? 4 : last);
  }
}

/** A block of `rows` rows, at most R. */
template <Form FORM, int N, Last LAST, int R>
INLINE void blockOf(int rows, const Sizes& s, const float* a, const float* b, float* c, const float* init, int last) {
  if (rows == R) return block<FORM, R, N, LAST>(s, a, b, c, init, last);
  if constexpr (R > 1) blockOf<FORM, N, LAST, R - 1>(rows, s, a, b, c, init, last);
}

/** N vectors of all rows of C. */
template <Form FORM, int N, Last LAST>
static void panel(int m, const Sizes& s, const float* a, const float* b, float* c, const float* init, int last) {
  constexpr int R = mostRows(N);
  for (int blocks = (m + R - 1) / R; blocks > 0; blocks--) {
    const int rows = (m + blocks - 1) / blocks;
    blockOf<FORM, N, LAST, R>(rows, s, a, b, c, init, last);
    a += FORM == TRANSPOSED ? rows : rows * s.lda;
    c += rows * s.ldc;
    if (init) init += rows * s.ldi;
    m -= rows;
  }
}

/** `vectors` vectors of all rows, at most N. */
template <Form FORM, int N>
INLINE void panelOf(int vectors, int m, const Sizes& s, const float* a, const float* b, float* c, const float* init,
                    int last) {
  if (vectors == N) {
    if (last == W) return panel<FORM, N, WHOLE>(m, s, a, b, c, init, last);
    if (last == 4) return panel<FORM, N, FOUR>(m, s, a, b, c, init, last);
    return panel<FORM, N, PART>(m, s, a, b, c, init, last);
  }
  if constexpr (N > 1) panelOf<FORM, N - 1>(vectors, m, s, a, b, c, init, last);
}

/** C = init + A B, or with A transposed. Without `init` sums begin with 0. */
template <Form FORM>
static void product(int m, int n, const Sizes& s, const float* a, const float* b, float* c, const float* init) {
  if (m <= 0) return;
  int vectors = (n + W - 1) / W;
  for (int panels = (vectors + MOST_VECTORS - 1) / MOST_VECTORS; panels > 0; panels--) {
    const int some = (vectors + panels - 1) / panels;
    const int cols = n < some * W ? n : some * W;
    panelOf<FORM, MOST_VECTORS>(some, m, s, a, b, c, init, cols - (some - 1) * W);
    vectors -= some;
    n -= cols;
    b += cols;
    c += cols;
    if (init) init += cols;
  }
}

/** One column: rows are summed beside each other, eight at a time. */
static inline void column(int m, const Sizes& s, const float* a, const float* b, float* c, const float* init) {
  constexpr int R = 8;
  for (; m > 0; m -= R) {
    const int rows = m < R ? m : R;
    float sums[R] = {};
    const float* of[R];
    for (int r = 0; r < R; r++) {
      of[r] = a + (r < rows ? r : 0) * s.lda;
      if (init && r < rows) sums[r] = init[r * s.ldi];
    }
    for (int p = 0; p < s.k; p++) {
      const float x = b[p * s.ldb];
#pragma GCC unroll 8
      for (int r = 0; r < R; r++) sums[r] = of[r][p] * x + sums[r];
    }
    for (int r = 0; r < rows; r++) c[r * s.ldc] = sums[r];
    a += R * s.lda;
    c += R * s.ldc;
    if (init) init += R * s.ldi;
  }
}

/** C = init + A B. */
static inline void productNN(int m, int n, const Sizes& s, const float* a, const float* b, float* c, const float* init) {
  if (n == 1) column(m, s, a, b, c, init);
  else product<PLAIN>(m, n, s, a, b, c, init);
}

}  // namespace dien
