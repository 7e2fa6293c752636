/** Reduction over shards, and Adam on dense parameters and on embedding rows. */
#include "kernels.hpp"
#include "rows.hpp"
#include "simd.hpp"

namespace dien {

double sumShards(int count, int shards, const float* first, Offset stride, float* out) {
  Squares squares;
  for (int j = 0, left = count; left > 0; left -= W, j += W) {
    const char* at = reinterpret_cast<const char*>(first + j);
    Vector sums = get(first + j, left);
    for (int s = 1; s < shards; s++) {
      at += stride.bytes;
      sums += get(reinterpret_cast<const float*>(at), left);
    }
    put(out + j, sums, left);
    squares.add(sums, left);
  }
  return squares.total();
}

/** What is the same for all elements; `rise` is the bias-corrected step. Doubles, so that 1 - beta is rounded once. */
struct Step {
  Vector clip, decay, keep1, take1, keep2, take2, rise, unbias2, epsilon;

  Step(double clip, double decay, double rate, double beta1, double beta2, double epsilon, double correction1,
       double correction2)
      : clip(of(clip)),
        decay(of(decay)),
        keep1(of(beta1)),
        take1(of(1 - beta1)),
        keep2(of(beta2)),
        take2(of(1 - beta2)),
        rise(of(rate / correction1)),
        unbias2(of(1 / correction2)),
        epsilon(of(epsilon)) {}

  static Vector of(double x) { return splat(static_cast<float>(x)); }

  /** Moves `count` elements; the weights to `moved`. */
  void update(int count, const float* weight, float* m, float* v, const float* gradient, float* moved) const {
    for (int j = 0, left = count; left > 0; left -= W, j += W) {
      const Vector w = get(weight + j, left);
      const Vector g = clip * get(gradient + j, left) + decay * w;
      const Vector first = keep1 * get(m + j, left) + take1 * g;
      const Vector second = keep2 * get(v + j, left) + take2 * (g * g);
      const Vector size = root(second * unbias2) + epsilon;
      put(m + j, first, left);
      put(v + j, second, left);
      put(moved + j, w - (rise * first) / size, left);
    }
  }
};

/** Weights that are moved before they are stored. */
constexpr int BLOCK = 512;

void adam(int count, float* weight, float* m, float* v, const float* gradient, double clip, double decay, double rate,
          double beta1, double beta2, double epsilon, double correction1, double correction2) {
  const Step step(clip, decay, rate, beta1, beta2, epsilon, correction1, correction2);
  // All threads have read the weights. A core takes several lines from others at a time only where stores to such lines follow
  // each other directly, so the moments of a block are stored first, then its weights.
  float moved[BLOCK];
  for (int at = 0; at < count; at += BLOCK) {
    const int length = count - at < BLOCK ? count - at : BLOCK;
    step.update(length, weight + at, m + at, v + at, gradient + at, moved);
    copyRow(length, moved, weight + at, 0);
  }
}

void adamRows(int from, int to, int cols, const int32_t* rows, float* weight, float* m, float* v, const float* gradient,
              double clip, double decay, double rate, double beta1, double beta2, double epsilon, double correction1,
              double correction2) {
  const Step step(clip, decay, rate, beta1, beta2, epsilon, correction1, correction2);
  const auto offsetOf = [&](intptr_t r) { return static_cast<intptr_t>(rows[r]) * cols; };
  for (intptr_t r = from; r < to; r++) {
    if (r + AHEAD < to) {
      const intptr_t next = offsetOf(r + AHEAD);
      prefetchRow(cols, weight + next);
      prefetchRow(cols, m + next);
      prefetchRow(cols, v + next);
    }
    const intptr_t at = offsetOf(r);
    step.update(cols, weight + at, m + at, v + at, gradient + r * cols, weight + at);
  }
}

}  // namespace dien
