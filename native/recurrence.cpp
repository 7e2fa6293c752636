/** Recurrences over packed sequences in the four forms of the gate (contract: `Gate`), and their gradients. */
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

/** Samples that go through all steps together: their states, a step's gates and U stay in the first-level cache. */
constexpr int HEIGHT = 16;

/** How many samples of HEIGHT from `first` on have a step of so many. */
INLINE int heightOf(int active, int first) {
  const int count = active - first;
  return count < 0 ? 0 : count < HEIGHT ? count : HEIGHT;
}

/** A row of a step, on the way forward. */
struct Row {
  /** In: the sums of u and r, [2H]; out: they, activated. */
  float* gates;
  /** The candidate's part of x W + b, h U_c, and the state, if it is not zero. */
  const float *input, *product, *previous;
  /** Where c goes, if it is kept, and the next state. */
  float *candidate, *next;
  float attention;
};

/** Gates and next states of R rows beside each other (see `sigmoids`). */
template <Gate GATE, int R>
INLINE void moveRows(int hidden, const Row* rows) {
  for (int j = 0, left = hidden; left > 0; left -= W, j += W) {
    Vector u[R], r[R], c[R];
    for (int i = 0; i < R; i++) u[i] = get(rows[i].gates + j, left);
    sigmoids<R>(u);
    for (int i = 0; i < R; i++) r[i] = get(rows[i].gates + hidden + j, left);
    sigmoids<R>(r);
    for (int i = 0; i < R; i++) {
      c[i] = madd(r[i], get(rows[i].product + j, left), get(rows[i].input + j, left));
      put(rows[i].gates + j, u[i], left);
      put(rows[i].gates + hidden + j, r[i], left);
    }
    tanhs<R>(c);
    for (int i = 0; i < R; i++) {
      const Row& row = rows[i];
      if (row.candidate) put(row.candidate + j, c[i], left);
      const Vector h = row.previous ? get(row.previous + j, left) : Vector{};
      put(row.next + j, madd(move<GATE>(u[i], splat(row.attention)), c[i] - h, h), left);
    }
  }
}

struct Forward {
  int steps, hidden;
  const int32_t *offsets, *active;
  const float* input;
  const int32_t *inputOffsets, *reference;
  const float *U, *attention;
  float *states, *last, *gates, *recurrent, *scratch;

  template <Gate GATE>
  void run() const {
    const int samples = steps > 0 ? active[0] : 0;
    for (int first = 0; first < samples; first += HEIGHT) {
      const float* h = nullptr;
      for (int t = 0; t < steps; t++) {
        const int count = heightOf(active[t], first);
        if (count == 0) break;
        h = step<GATE>(t, first, count, h);
        if (states && last) keepLast(h, first, t + 1 < steps ? heightOf(active[t + 1], first) : 0, count);
      }
    }
  }

  /** Of sample i at step t, [3H]. */
  const float* inputOf(int t, int i) const {
    const intptr_t row = reference ? inputOffsets[t] + reference[i] : offsets[t] + i;
    return input + 3 * row * hidden;
  }

  /** Whether the inputs of `count` samples from `first` on are one. */
  bool isShared(int first, int count) const {
    if (!reference) return false;
    for (int i = 1; i < count; i++) {
      if (reference[first + i] != reference[first]) return false;
    }
    return true;
  }

  /** Step t of `count` samples from `first` on, whose states are h, or zero; returns their next states. */
  template <Gate GATE>
  const float* step(int t, int first, int count, const float* h) const {
    const intptr_t token = offsets[t] + first;
    // u | r of a row, and h U_c.
    float* g = gates ? gates + 3 * token * hidden : scratch;
    const int ldg = (gates ? 3 : 2) * hidden;
    float* product = recurrent ? recurrent + token * hidden : scratch + HEIGHT * 2 * hidden;
    float* next = states ? states + token * hidden : last + static_cast<intptr_t>(first) * hidden;
    // Rows of the input one after the other, or the same for all, are where the sums begin; others are copied there.
    const bool shared = isShared(first, count);
    const float* init = inputOf(t, first);
    int step = shared ? 0 : 3 * hidden;
    if (!h || (reference && !shared)) {
      if (g != init) {
        for (int i = 0; i < count; i++) copyRow(2 * hidden, inputOf(t, first + i), g + i * ldg, 0);
      }
      init = g;
      step = ldg;
    }
    if (h) {
      productNN(count, 2 * hidden, {hidden, hidden, 3 * hidden, ldg, step}, h, U, g, init);
      productNN(count, hidden, {hidden, hidden, 3 * hidden, hidden, 0}, h, U + 2 * hidden, product, nullptr);
    } else {
      fill(count * hidden, product, 0);
    }
    Row rows[HEIGHT];
    for (int i = 0; i < count; i++) {
      float* row = g + i * ldg;
      rows[i] = {row, inputOf(t, first + i) + 2 * hidden, product + i * hidden, h ? h + i * hidden : nullptr,
                 gates ? row + 2 * hidden : nullptr, next + i * hidden, attention ? attention[token + i] : 0};
    }
    int i = 0;
    for (; i + 4 <= count; i += 4) moveRows<GATE, 4>(hidden, rows + i);
    for (; i < count; i++) moveRows<GATE, 1>(hidden, rows + i);
    return next;
  }

  /** The states h of rows [from, to), which end here, are the last of samples first + [from, to). */
  void keepLast(const float* h, int first, int from, int to) const {
    for (int i = from; i < to; i++) copyRow(hidden, h + i * hidden, last + static_cast<intptr_t>(first + i) * hidden, 0);
  }
};

void gruForward(int steps, int hidden, int gate, const int32_t* offsets, const int32_t* active, const float* input,
                const int32_t* inputOffsets, const int32_t* reference, const float* U, const float* attention,
                float* states, float* last, float* gates, float* recurrent, float* scratch) {
  withGate(gate, Forward{steps, hidden, offsets, active, input, inputOffsets, reference, U, attention, states, last,
                         gates, recurrent, scratch});
}

struct Backward {
  int steps, hidden;
  const int32_t *offsets, *active;
  const float *attention, *states;
  float *gates, *recurrent;
  const float *dStates, *dLast;
  float *dAttention, *previous;
  /** U^T [3H, H]; the gradients of the states of HEIGHT samples. */
  const float* transposed;
  float* dh;

  template <Gate GATE>
  void run() const {
    const int samples = steps > 0 ? active[0] : 0;
    for (int first = 0; first < samples; first += HEIGHT) {
      int ongoing = 0;
      for (int t = steps - 1; t >= 0; t--) {
        const int count = heightOf(active[t], first);
        if (count == 0) continue;
        begin(t, first, ongoing, count);
        step<GATE>(t, first, count);
        ongoing = count;
      }
    }
  }

  /** dh of rows [from, to), which have no step after t. */
  void begin(int t, int first, int from, int to) const {
    for (int i = from; i < to; i++) {
      float* row = dh + i * hidden;
      if (dStates) copyRow(hidden, dStates + (offsets[t] + static_cast<intptr_t>(first) + i) * hidden, row, 0);
      else fill(hidden, row, 0);
      if (dLast) copyRow(hidden, dLast + static_cast<intptr_t>(first + i) * hidden, row, 1);
    }
  }

  /** Step t of `count` samples: dh, of the states after it, becomes that of the states before. */
  template <Gate GATE>
  void step(int t, int first, int count) const {
    const intptr_t token = offsets[t] + first;
    const intptr_t before = t > 0 ? offsets[t - 1] + first : 0;
    float* g = gates + 3 * token * hidden;
    float* product = recurrent + token * hidden;
    for (intptr_t i = 0; i < count; i++) {
      const float* h = t > 0 ? states + (before + i) * hidden : nullptr;
      const float* dBefore = dStates && t > 0 ? dStates + (before + i) * hidden : nullptr;
      const float da = row<GATE>(attention ? attention[token + i] : 0, g + 3 * i * hidden, product + i * hidden, h, dBefore,
                                 dh + i * hidden);
      if (dAttention) dAttention[token + i] = da;
    }
    if (t == 0) return;
    copyRow(count * hidden, states + before * hidden, previous + (token - active[0]) * hidden, 0);
    // What comes through the products.
    productNN(count, hidden, {2 * hidden, 3 * hidden, hidden, hidden, hidden}, g, transposed, dh, dh);
    productNN(count, hidden, {hidden, hidden, hidden, hidden, hidden}, product, transposed + 2 * hidden * hidden, dh, dh);
  }

  /** Gradients of a row: dh becomes the part of its state before that comes past the products, with dBefore. */
  template <Gate GATE>
  float row(float attention, float* gates, float* recurrent, const float* previous, const float* dBefore,
            float* dh) const {
    const Vector one = splat(1);
    const Vector a = splat(attention);
    Four da = {};
    for (int j = 0, left = hidden; left > 0; left -= W, j += W) {
      const Vector u = get(gates + j, left);
      const Vector r = get(gates + hidden + j, left);
      const Vector c = get(gates + 2 * hidden + j, left);
      const Vector product = get(recurrent + j, left);
      const Vector h = previous ? get(previous + j, left) : Vector{};
      const Vector d = get(dh + j, left);
      const Vector moved = move<GATE>(u, a);
      const Vector dMove = d * (c - h);
      const Vector dc = (d * moved) * (one - c * c);
      const Vector du = (dMove * moveByUpdate<GATE>(a)) * (u * (one - u));
      const Vector dr = (dc * product) * (r * (one - r));
      put(gates + j, du, left);
      put(gates + hidden + j, dr, left);
      put(gates + 2 * hidden + j, dc, left);
      put(recurrent + j, dc * r, left);
      const Vector direct = d * (one - moved);
      put(dh + j, dBefore ? get(dBefore + j, left) + direct : direct, left);
      if (GATE == GRU) continue;
      const Vector each = dMove * moveByAttention<GATE>(u);
      for (int i = 0; i < W && i < left; i += 4) da += Four{each[i], each[i + 1], each[i + 2], each[i + 3]};
    }
    return sum(da);
  }
};

void gruBackward(int steps, int hidden, int gate, const int32_t* offsets, const int32_t* active, const float* U,
                 const float* attention, const float* states, float* gates, float* recurrent, const float* dStates,
                 const float* dLast, float* dAttention, float* previous, float* scratch) {
  transpose(hidden, 3 * hidden, U, 3 * hidden, scratch, hidden);
  withGate(gate, Backward{steps, hidden, offsets, active, attention, states, gates, recurrent, dStates, dLast,
                          dAttention, previous, scratch, scratch + 3 * hidden * hidden});
}

}  // namespace dien
