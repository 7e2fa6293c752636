/** The recurrent step in its four gate forms (contract: `Gate`), and its gradient. */
#include "kernels.hpp"
#include "math.hpp"
#include "products.hpp"
#include "rows.hpp"

namespace dien {

enum Gate { GRU, AGRU, AUGRU_PAPER, AUGRU_RELEASED };

/** How far the state moves towards the candidate. */
template <Gate GATE>
INLINE Vector move(Vector u, Vector a) {
  if (GATE == GRU) return u;
  if (GATE == AGRU) return a;
  if (GATE == AUGRU_PAPER) return a * u;
  return u + a * (splat(1) - u);
}

/** Derivative of `move` by u. */
template <Gate GATE>
INLINE Vector moveByUpdate(Vector a) {
  if (GATE == GRU) return splat(1);
  if (GATE == AGRU) return splat(0);
  return GATE == AUGRU_PAPER ? a : splat(1) - a;
}

/** Derivative of `move` by a. */
template <Gate GATE>
INLINE Vector moveByAttention(Vector u) {
  if (GATE == AGRU) return splat(1);
  return GATE == AUGRU_PAPER ? u : splat(1) - u;
}

/** Calls what is written once for all forms of the gate. */
template <class Kernel>
static void withGate(int gate, const Kernel& kernel) {
  if (gate == GRU) kernel.template run<GRU>();
  else if (gate == AGRU) kernel.template run<AGRU>();
  else if (gate == AUGRU_PAPER) kernel.template run<AUGRU_PAPER>();
  else kernel.template run<AUGRU_RELEASED>();
}

/** next[0..hidden) from activated u and r, h U_c and the candidate's input; where `keep` is given, c goes there. */
template <Gate GATE>
INLINE void moveState(int hidden, float a, const float* u, const float* r, const float* recurrent, const float* input,
                      const float* previous, float* keep, float* next) {
  for (int j = 0, left = hidden; left > 0; left -= W, j += W) {
    const Vector c = tanh(madd(get(r + j, left), get(recurrent + j, left), get(input + j, left)));
    const Vector h = previous ? get(previous + j, left) : Vector{};
    if (keep) put(keep + j, c, left);
    put(next + j, madd(move<GATE>(get(u + j, left), splat(a)), c - h, h), left);
  }
}

struct Forward {
  int rows, hidden;
  float* gates;
  const float *recurrent, *previous, *attention;
  float* next;

  template <Gate GATE>
  void run() const {
    for (intptr_t i = 0; i < rows; i++) {
      float* u = gates + 3 * i * hidden;
      float* c = u + 2 * hidden;
      sigmoidRow(2 * hidden, u, u);
      moveState<GATE>(hidden, attention ? attention[i] : 0, u, u + hidden, recurrent + i * hidden, c,
                      previous ? previous + i * hidden : nullptr, c, next + i * hidden);
    }
  }
};

void gruForward(int rows, int hidden, int gate, float* gates, const float* recurrent, const float* previous,
                const float* attention, float* next) {
  withGate(gate, Forward{rows, hidden, gates, recurrent, previous, attention, next});
}

/** Rows of `gruStep` whose gates are computed together: they, and U, stay in the first-level cache. */
constexpr int HEIGHT = 16;

struct WholeStep {
  int rows, hidden;
  const float* input;
  const int32_t* reference;
  const float* U;
  const float *previous, *attention;
  float *next, *scratch;

  /** Of row i, [3H]. */
  const float* inputOf(intptr_t i) const { return input + 3 * static_cast<intptr_t>(reference ? reference[i] : i) * hidden; }

  /** Whether the inputs of `count` rows from `first` on are one. */
  bool isShared(intptr_t first, int count) const {
    if (!reference) return false;
    for (int i = 1; i < count; i++) {
      if (reference[first + i] != reference[first]) return false;
    }
    return true;
  }

  template <Gate GATE>
  void run() const {
    for (intptr_t first = 0; first < rows; first += HEIGHT) some<GATE>(first, rows - first < HEIGHT ? rows - first : HEIGHT);
  }

  template <Gate GATE>
  void some(intptr_t first, int count) const {
    // [HEIGHT, 2H] u | r, then [HEIGHT, H] h U_c.
    float* recurrent = scratch + HEIGHT * 2 * hidden;
    const float* h = previous ? previous + first * hidden : nullptr;
    // Rows of the input one after the other, or the same for all, are where the sums begin; others are copied there.
    const bool shared = isShared(first, count);
    const float* init = inputOf(first);
    int step = shared ? 0 : 3 * hidden;
    if (!h || (reference && !shared)) {
      for (int i = 0; i < count; i++) copyRow(2 * hidden, inputOf(first + i), scratch + 2 * i * hidden, 0);
      init = scratch;
      step = 2 * hidden;
    }
    if (h) {
      productNN(count, 2 * hidden, {hidden, hidden, 3 * hidden, 2 * hidden, step}, h, U, scratch, init);
      productNN(count, hidden, {hidden, hidden, 3 * hidden, hidden, 0}, h, U + 2 * hidden, recurrent, nullptr);
    } else {
      fill(count * hidden, recurrent, 0);
    }
    sigmoidRow(count * 2 * hidden, scratch, scratch);
    for (int i = 0; i < count; i++) {
      const float* u = scratch + 2 * i * hidden;
      moveState<GATE>(hidden, attention ? attention[first + i] : 0, u, u + hidden, recurrent + i * hidden,
                      inputOf(first + i) + 2 * hidden, h ? h + i * hidden : nullptr, nullptr,
                      next + (first + i) * hidden);
    }
  }
};

void gruStep(int rows, int hidden, int gate, const float* input, const int32_t* reference, const float* U,
             const float* previous, const float* attention, float* next, float* scratch) {
  withGate(gate, WholeStep{rows, hidden, input, reference, U, previous, attention, next, scratch});
}

struct Backward {
  int rows, hidden;
  float *gates, *recurrent;
  const float *previous, *attention, *dNext;
  float *dPrevious, *dAttention;

  template <Gate GATE>
  void run() const {
    for (intptr_t i = 0; i < rows; i++) {
      const float da = row<GATE>(attention ? attention[i] : 0, gates + 3 * i * hidden, recurrent + i * hidden,
                                 previous ? previous + i * hidden : nullptr, dNext + i * hidden,
                                 dPrevious ? dPrevious + i * hidden : nullptr);
      if (dAttention) dAttention[i] = da;
    }
  }

  /** Gradients of a row; returns that of its attention. */
  template <Gate GATE>
  float row(float attention, float* gates, float* recurrent, const float* previous, const float* dNext,
            float* dPrevious) const {
    const Vector one = splat(1);
    const Vector a = splat(attention);
    Four da = {};
    for (int j = 0, left = hidden; left > 0; left -= W, j += W) {
      const Vector u = get(gates + j, left);
      const Vector r = get(gates + hidden + j, left);
      const Vector c = get(gates + 2 * hidden + j, left);
      const Vector product = get(recurrent + j, left);
      const Vector h = previous ? get(previous + j, left) : Vector{};
      const Vector dh = get(dNext + j, left);
      const Vector moved = move<GATE>(u, a);
      const Vector dMove = dh * (c - h);
      const Vector dc = (dh * moved) * (one - c * c);
      const Vector du = (dMove * moveByUpdate<GATE>(a)) * (u * (one - u));
      const Vector dr = (dc * product) * (r * (one - r));
      put(gates + j, du, left);
      put(gates + hidden + j, dr, left);
      put(gates + 2 * hidden + j, dc, left);
      put(recurrent + j, dc * r, left);
      if (dPrevious) put(dPrevious + j, dh * (one - moved), left);
      if (GATE == GRU) continue;
      const Vector each = dMove * moveByAttention<GATE>(u);
      for (int i = 0; i < W && i < left; i += 4) da += Four{each[i], each[i + 1], each[i + 2], each[i + 3]};
    }
    return sum(da);
  }
};

void gruBackward(int rows, int hidden, int gate, float* gates, float* recurrent, const float* previous,
                 const float* attention, const float* dNext, float* dPrevious, float* dAttention) {
  withGate(gate, Backward{rows, hidden, gates, recurrent, previous, attention, dNext, dPrevious, dAttention});
}

}  // namespace dien
