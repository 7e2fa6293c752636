/** Between samples and their packed tokens: sums over steps, and what is the same for all steps of a sample. */
#include "kernels.hpp"
#include "rows.hpp"

namespace dien {

/** Calls `visit` with each token, its sample and its step, step by step. */
template <class Visit>
INLINE void eachToken(int steps, const int32_t* offsets, const int32_t* active, const Visit& visit) {
  for (int t = 0; t < steps; t++) {
    for (intptr_t i = 0; i < active[t]; i++) visit(offsets[t] + i, i, t);
  }
}

/** The row of x that a token reads: its own, or that of its sample's sequence. */
struct TokenRows {
  const float* x;
  intptr_t cols;
  const int32_t *offsets, *reference;

  const float* at(intptr_t token, intptr_t sample, int step) const {
    return x + (reference ? offsets[step] + reference[sample] : token) * cols;
  }
};

void sumSteps(int samples, int steps, int cols, const int32_t* offsets, const int32_t* active, const float* weight,
              const float* x, const int32_t* xOffsets, const int32_t* reference, float* out, int accumulate) {
  const TokenRows rows = {x, cols, xOffsets, reference};
  if (!accumulate) fill(samples * cols, out, 0);
  eachToken(steps, offsets, active, [&](intptr_t token, intptr_t i, int t) {
    const float* row = rows.at(token, i, t);
    if (weight) scaleRow(cols, weight[token], row, out + i * cols, 1);
    else copyRow(cols, row, out + i * cols, 1);
  });
}

void spreadSteps(int steps, int cols, const int32_t* offsets, const int32_t* active, const float* weight, const float* x,
                 float* out, int accumulate) {
  eachToken(steps, offsets, active, [&](intptr_t token, intptr_t i, int) {
    if (weight) scaleRow(cols, weight[token], x + i * cols, out + token * cols, accumulate);
    else copyRow(cols, x + i * cols, out + token * cols, accumulate);
  });
}

void dotSteps(int steps, int cols, const int32_t* offsets, const int32_t* active, const float* x, const int32_t* xOffsets,
              const int32_t* reference, const float* y, float* out, int accumulate) {
  const TokenRows rows = {x, cols, xOffsets, reference};
  eachToken(steps, offsets, active, [&](intptr_t token, intptr_t i, int t) {
    const float value = dotRow(cols, rows.at(token, i, t), y + i * cols);
    out[token] = accumulate ? out[token] + value : value;
  });
}

void precedingSteps(int steps, int cols, const int32_t* offsets, const int32_t* active, const float* x, float* out) {
  const intptr_t width = cols;
  for (int t = 1; t < steps; t++) copyRow(active[t] * cols, x + offsets[t - 1] * width, out + (offsets[t] - active[0]) * width, 0);
}

void addPrecedingSteps(int steps, int cols, const int32_t* offsets, const int32_t* active, const float* x, float* out) {
  const intptr_t width = cols;
  for (int t = 1; t < steps; t++) copyRow(active[t] * cols, x + (offsets[t] - active[0]) * width, out + offsets[t - 1] * width, 1);
}

}  // namespace dien
