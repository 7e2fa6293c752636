/** The products of the contract: where bias, activation and accumulation go. */
#include "kernels.hpp"
#include "math.hpp"
#include "products.hpp"

namespace dien {

constexpr int SIGMOID = 1;
/** Rows of C that are finished, with their activation, before the next are begun: they and those of A stay in cache. */
constexpr int HEIGHT = 64;
/** Rows of A and B that one pass of `gemmTN` reads: panels of them stay in the first-level cache. */
constexpr int DEPTH = 96;

void gemmNN(int m, int n, int k, const float* a, int lda, const float* b, int ldb, float* c, int ldc, const float* bias,
            int activation, int accumulate) {
  const float* init = bias;
  int ldi = 0;
  if (accumulate) {
    init = c;
    ldi = ldc;
    if (bias) copyRows(m, n, bias, 0, c, ldc, 1);
  }
  const Sizes sizes = {k, lda, ldb, ldc, ldi};
  for (; m > 0; m -= HEIGHT) {
    const int rows = m < HEIGHT ? m : HEIGHT;
    productNN(rows, n, sizes, a, b, c, init);
    if (activation == SIGMOID) {
      for (intptr_t i = 0; i < rows; i++) sigmoidRow(n, c + i * ldc, c + i * ldc);
    }
    a += HEIGHT * sizes.lda;
    c += HEIGHT * sizes.ldc;
    if (init) init += HEIGHT * sizes.ldi;
  }
}

void gemmNT(int m, int n, int k, const float* a, int lda, const float* b, int ldb, float* c, int ldc, int accumulate,
            float* scratch) {
  transpose(n, k, b, ldb, scratch, n);
  productNN(m, n, {k, lda, n, ldc, ldc}, a, scratch, c, accumulate ? c : nullptr);
}

/** C (+)= A^T B. */
static void productTN(int m, int n, int k, const float* a, int lda, const float* b, int ldb, float* c, int ldc,
                      int accumulate) {
  const float* init = accumulate ? c : nullptr;
  do {
    const int depth = k < DEPTH ? k : DEPTH;
    const Sizes sizes = {depth, lda, ldb, ldc, ldc};
    product<TRANSPOSED>(m, n, sizes, a, b, c, init);
    init = c;
    a += depth * sizes.lda;
    b += depth * sizes.ldb;
    k -= depth;
  } while (k > 0);
}

void gemmTN(int m, int n, int k, const float* a, int lda, const float* b, int ldb, float* c, int ldc, int accumulate) {
  // A dense column is the row b^T A: one row of many columns fills the blocks, many rows of one column do not.
  if (n == 1 && ldc == 1) productTN(1, m, k, b, ldb, a, lda, c, 0, accumulate);
  else productTN(m, n, k, a, lda, b, ldb, c, ldc, accumulate);
}

void transpose(int rows, int cols, const float* x, int ldx, float* out, int ldo) {
  constexpr int TILE = 4;
  // Tiles: what a row of one brings into cache is used whole.
  for (int i = 0; i < rows; i += TILE) {
    const int high = rows - i < TILE ? rows - i : TILE;
    const float* from = x + static_cast<intptr_t>(i) * ldx;
    for (int j = 0; j < cols; j++) {
      float* to = out + static_cast<intptr_t>(j) * ldo + i;
      for (intptr_t r = 0; r < high; r++) to[r] = from[r * ldx + j];
    }
  }
}

}  // namespace dien
