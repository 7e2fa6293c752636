/** Softmax over the steps of packed sequences: each pass runs along the samples of a step, so lanes are samples. */
#include "kernels.hpp"
#include "math.hpp"

namespace dien {

void softmaxSteps(int samples, int steps, const int32_t* offsets, const int32_t* active, const float* scores, float* out,
                  float* scratch) {
  float* largest = scratch;
  float* sums = scratch + samples;
  for (int t = 0; t < steps; t++) {
    const float* score = scores + offsets[t];
    for (int left = active[t], j = 0; left > 0; left -= W, j += W) {
      const Vector x = get(score + j, left);
      put(largest + j, t > 0 ? greatest(get(largest + j, left), x) : x, left);
    }
  }
  for (int t = 0; t < steps; t++) {
    const float* score = scores + offsets[t];
    for (int left = active[t], j = 0; left > 0; left -= W, j += W) {
      const Vector power = exponential(get(score + j, left) - get(largest + j, left));
      put(out + offsets[t] + j, power, left);
      put(sums + j, t > 0 ? get(sums + j, left) + power : power, left);
    }
  }
  for (int t = 0; t < steps; t++) {
    float* y = out + offsets[t];
    for (int left = active[t], j = 0; left > 0; left -= W, j += W) {
      put(y + j, get(y + j, left) / get(sums + j, left), left);
    }
  }
}

void softmaxStepsBackward(int samples, int steps, const int32_t* offsets, const int32_t* active, const float* y,
                          const float* dy, float* dScores, float* scratch) {
  (void)samples;
  for (int t = 0; t < steps; t++) {
    for (int left = active[t], j = 0; left > 0; left -= W, j += W) {
      const Vector product = get(y + offsets[t] + j, left) * get(dy + offsets[t] + j, left);
      put(scratch + j, t > 0 ? get(scratch + j, left) + product : product, left);
    }
  }
  for (int t = 0; t < steps; t++) {
    for (int left = active[t], j = 0; left > 0; left -= W, j += W) {
      const Vector centred = get(dy + offsets[t] + j, left) - get(scratch + j, left);
      put(dScores + offsets[t] + j, get(y + offsets[t] + j, left) * centred, left);
    }
  }
}

}  // namespace dien
