/** PReLU, and Dice with its moments: along the rows of W columns at a time. */
#include "kernels.hpp"
#include "math.hpp"

namespace dien {

void preluForward(int rows, int cols, const float* x, const float* slope, float* y) {
  for (int i = 0; i < rows; i++, x += cols, y += cols) {
    for (int j = 0, left = cols; left > 0; left -= W, j += W) {
      const Vector value = get(x + j, left);
      put(y + j, value > splat(0) ? value : value * get(slope + j, left), left);
    }
  }
}

void preluBackward(int rows, int cols, const float* x, const float* slope, const float* dy, float* dx, float* dSlope,
                   int accumulateSlope) {
  for (int j = 0, left = cols; left > 0; left -= W, j += W) {
    const Vector slopes = get(slope + j, left);
    Vector sums = accumulateSlope ? get(dSlope + j, left) : Vector{};
    for (intptr_t i = 0, at = j; i < rows; i++, at += cols) {
      const Vector value = get(x + at, left);
      const Vector gradient = get(dy + at, left);
      sums += value > splat(0) ? splat(0) : value * gradient;
      put(dx + at, value > splat(0) ? gradient : gradient * slopes, left);
    }
    put(dSlope + j, sums, left);
  }
}

void moments(int rows, int cols, const float* x, float* mean, float* variance) {
  const Vector count = splat(static_cast<float>(rows));
  for (int j = 0, left = cols; left > 0; left -= W, j += W) {
    Vector sums = {};
    for (intptr_t i = 0, at = j; i < rows; i++, at += cols) sums += get(x + at, left);
    const Vector centre = sums / count;
    Vector squares = {};
    for (intptr_t i = 0, at = j; i < rows; i++, at += cols) {
      const Vector distance = get(x + at, left) - centre;
      squares = madd(distance, distance, squares);
    }
    put(mean + j, centre, left);
    put(variance + j, squares / count, left);
  }
}

/** Of W columns: 1 / deviation, the mean, alpha and 1 - alpha. */
struct DiceColumns {
  Vector inverse, centre, slope, rise;

  DiceColumns(const float* mean, const float* variance, float epsilon, const float* alpha, int left)
      : inverse(splat(1) / root(get(variance, left) + splat(epsilon))),
        centre(get(mean, left)),
        slope(get(alpha, left)),
        rise(splat(1) - slope) {}

  Vector normalised(Vector x) const { return (x - centre) * inverse; }
};

void diceForward(int rows, int cols, const float* x, const float* mean, const float* variance, float epsilon,
                 const float* alpha, float* y) {
  for (int j = 0, left = cols; left > 0; left -= W, j += W) {
    const DiceColumns dice(mean + j, variance + j, epsilon, alpha + j, left);
    for (intptr_t i = 0, at = j; i < rows; i++, at += cols) {
      const Vector value = get(x + at, left);
      const Vector p = sigmoid(dice.normalised(value));
      put(y + at, madd(p, dice.rise, dice.slope) * value, left);
    }
  }
}

void diceBackward(int rows, int cols, const float* x, const float* mean, const float* variance, float epsilon,
                  const float* alpha, const float* dy, float* dx, float* dAlpha, int accumulateAlpha) {
  const Vector one = splat(1);
  const Vector share = one / splat(static_cast<float>(rows));
  for (int j = 0, left = cols; left > 0; left -= W, j += W) {
    const DiceColumns dice(mean + j, variance + j, epsilon, alpha + j, left);
    Vector sumDz = {};
    Vector sumDzZ = {};
    Vector sumAlpha = accumulateAlpha ? get(dAlpha + j, left) : Vector{};
    for (intptr_t i = 0, at = j; i < rows; i++, at += cols) {
      const Vector value = get(x + at, left);
      const Vector z = dice.normalised(value);
      const Vector p = sigmoid(z);
      const Vector below = (get(dy + at, left) * value) * (one - p);
      const Vector dz = (below * p) * dice.rise;
      sumDz += dz;
      sumDzZ = madd(dz, z, sumDzZ);
      sumAlpha += below;
    }
    put(dAlpha + j, sumAlpha, left);
    const Vector meanDz = sumDz * share;
    const Vector meanDzZ = sumDzZ * share;
    for (intptr_t i = 0, at = j; i < rows; i++, at += cols) {
      const Vector value = get(x + at, left);
      const Vector gradient = get(dy + at, left);
      const Vector z = dice.normalised(value);
      const Vector p = sigmoid(z);
      const Vector weight = madd(p, dice.rise, dice.slope);
      const Vector dz = ((gradient * value) * dice.rise) * (p * (one - p));
      const Vector centred = (dz - meanDz) - z * meanDzZ;
      put(dx + at, madd(dice.inverse, centred, gradient * weight), left);
    }
  }
}

}  // namespace dien
