/** Element-wise and row-wise kernels. */
#include "kernels.hpp"
#include "math.hpp"
#include "rows.hpp"

namespace dien {

void fill(int count, float* out, float value) {
  for (int j = 0, left = count; left > 0; left -= W, j += W) put(out + j, splat(value), left);
}

void copyRows(int rows, int cols, const float* x, int ldx, float* out, int ldo, int accumulate) {
  for (int i = 0; i < rows; i++, x += ldx, out += ldo) copyRow(cols, x, out, accumulate);
}

void scale(int count, float factor, const float* x, float* out, int accumulate) {
  scaleRow(count, factor, x, out, accumulate);
}

void rowScale(int rows, int cols, const float* x, int ldx, const float* weight, float* out, int ldo, int accumulate) {
  for (int i = 0; i < rows; i++, x += ldx, out += ldo) scaleRow(cols, weight[i], x, out, accumulate);
}

void multiply(int rows, int cols, const float* a, int lda, const float* b, int ldb, float* out, int ldo, int accumulate) {
  for (int i = 0; i < rows; i++, a += lda, b += ldb, out += ldo) {
    for (int j = 0, left = cols; left > 0; left -= W, j += W) {
      const Vector x = get(a + j, left);
      const Vector y = get(b + j, left);
      put(out + j, accumulate ? madd(x, y, get(out + j, left)) : x * y, left);
    }
  }
}

void rowDot(int rows, int cols, const float* a, int lda, const float* b, int ldb, float* out, int accumulate) {
  for (int i = 0; i < rows; i++, a += lda, b += ldb) {
    const float value = dotRow(cols, a, b);
    out[i] = accumulate ? out[i] + value : value;
  }
}

void columnSums(int rows, int cols, const float* x, int ldx, float* out, int accumulate) {
  constexpr int WIDE = 4 * W;
  // Four vectors at a time, for the latency of the additions.
  for (; cols >= WIDE; cols -= WIDE, x += WIDE, out += WIDE) {
    Vector sums[4] = {};
    for (int v = 0; v < 4; v++) {
      if (accumulate) sums[v] = get(out + v * W, W);
    }
    const float* row = x;
    for (int i = 0; i < rows; i++, row += ldx) {
#pragma GCC unroll 4
      for (int v = 0; v < 4; v++) sums[v] += get(row + v * W, W);
    }
    for (int v = 0; v < 4; v++) put(out + v * W, sums[v], W);
  }
  for (; cols > 0; cols -= W, x += W, out += W) {
    Vector sums = accumulate ? get(out, cols) : Vector{};
    const float* row = x;
    for (int i = 0; i < rows; i++, row += ldx) sums += get(row, cols);
    put(out, sums, cols);
  }
}

void sigmoid(int count, const float* x, float* out) { sigmoidRow(count, x, out); }

void sigmoidBackward(int count, const float* y, const float* dy, float* dx) {
  for (int j = 0, left = count; left > 0; left -= W, j += W) {
    const Vector value = get(y + j, left);
    put(dx + j, get(dy + j, left) * (value * (splat(1) - value)), left);
  }
}

}  // namespace dien
