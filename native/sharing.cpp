/** Tokens of samples that share sequences. */
#include "kernels.hpp"

namespace dien {

void gatherSteps(int steps, int cols, const int32_t* active, const int32_t* offsets, const int32_t* sequenceOffsets,
                 const int32_t* reference, const float* x, float* out) {
  const intptr_t width = cols;
  for (int t = 0; t < steps; t++) {
    gatherRows(active[t], cols, reference, x + sequenceOffsets[t] * width, out + offsets[t] * width, cols);
  }
}

void addSteps(int steps, int cols, const int32_t* active, const int32_t* offsets, const int32_t* sequenceOffsets,
              const int32_t* reference, const float* x, float* out) {
  const intptr_t width = cols;
  for (int t = 0; t < steps; t++) {
    const float* from = offsets ? x + offsets[t] * width : x;
    addRows(active[t], cols, reference, from, out + sequenceOffsets[t] * width);
  }
}

}  // namespace dien
