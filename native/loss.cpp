/** Binary cross-entropy on logits. */
#include "kernels.hpp"
#include "math.hpp"

namespace dien {

double crossEntropy(int count, const float* logit, const float* label, const float* weight, float* gradient,
                    float factor) {
  double total = 0;
  for (int j = 0, left = count; left > 0; left -= W, j += W) {
    const Vector z = get(logit + j, left);
    const Vector y = get(label + j, left);
    const Vector positive = z > splat(0) ? z : splat(0);
    Vector loss = logOnePlus(exponential(negative(magnitude(z)))) + (positive - z * y);
    if (weight) loss = loss * get(weight + j, left);
    for (int i = 0; i < W && i < left; i++) total += static_cast<double>(loss[i]);
    if (!gradient) continue;
    const Vector slope = splat(factor) * (sigmoid(z) - y);
    put(gradient + j, weight ? slope * get(weight + j, left) : slope, left);
  }
  return total;
}

}  // namespace dien
