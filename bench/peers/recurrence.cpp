// A GRU over a batch [T, B, .] and the same with the paper's attention in its update gate (AUGRU), forward and backward, for
// PyTorch. Compiled for the machine it runs on with -ffast-math; the compiler makes the vectors. Threads share out the batch: each
// takes its samples through all steps, so none waits for another between two steps.
#include <ATen/Parallel.h>
#include <torch/extension.h>

#include <cmath>
#include <optional>
#include <vector>

constexpr int H = HIDDEN;  // a constant, so that the loops below become straight code
constexpr int G = 3 * H;   // gates: update | reset | candidate
constexpr int LANES = 16;
constexpr int padded(int n) { return (n + LANES - 1) / LANES * LANES; }
constexpr int BLOCK = 4;  // samples whose product is computed at once, its sums in registers

typedef float Vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

// c[rows, padded(N)] = a[rows, K] b[K, padded(N)]
template <int ROWS, int K, int N>
inline void multiply(const float* a, const float* b, float* c) {
  constexpr int V = padded(N) / LANES;
  Vector sum[ROWS][V] = {};
  for (int k = 0; k < K; k++) {
    const Vector* row = reinterpret_cast<const Vector*>(b + k * padded(N));
    for (int i = 0; i < ROWS; i++)
      for (int j = 0; j < V; j++) sum[i][j] += a[i * K + k] * row[j];
  }
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < V; j++) reinterpret_cast<Vector*>(c + i * padded(N))[j] = sum[i][j];
}

template <int K, int N>
inline void multiplyRows(int64_t rows, const float* a, const float* b, float* c) {
  if (rows == BLOCK) return multiply<BLOCK, K, N>(a, b, c);
  for (int64_t i = 0; i < rows; i++) multiply<1, K, N>(a + i * K, b, c + i * padded(N));
}

// [K, N] with columns up to padded(N), of `matrix` or its transpose
std::vector<float> padColumns(const at::Tensor& matrix) {
  const auto given = matrix.contiguous();
  const int64_t rows = given.size(0), columns = given.size(1), width = padded(columns);
  std::vector<float> out(rows * width, 0.f);
  const float* from = given.data_ptr<float>();
  for (int64_t i = 0; i < rows; i++) std::copy_n(from + i * columns, columns, out.data() + i * width);
  return out;
}

inline float sigmoid(float x) { return 1.f / (1.f + std::exp(-x)); }
inline float tangent(float x) { return 2.f * sigmoid(2.f * x) - 1.f; }

// Calls work(first, count) for blocks of samples, each thread for its own.
template <class Work>
void overBlocks(int64_t samples, const Work& work) {
  at::parallel_for(0, (samples + BLOCK - 1) / BLOCK, 8, [&](int64_t from, int64_t to) {
    work(from * BLOCK, std::min(samples, to * BLOCK));
  });
}

// x [T, B, G] = projected inputs, U [H, G], attention [T, B] or none
// -> states [T + 1, B, H] from the zero state on, kept [T, B, 4 H]: update | reset | recurrent candidate | candidate
std::vector<at::Tensor> forward(const at::Tensor& x_, const at::Tensor& U, const std::optional<at::Tensor>& attention_) {
  const auto x = x_.contiguous();
  const auto attention = attention_ ? attention_->contiguous() : at::Tensor();
  const int64_t T = x.size(0), B = x.size(1);
  auto states = at::empty({T + 1, B, H}, x.options()), kept = at::empty({T, B, 4 * H}, x.options());
  states[0].zero_();
  const auto weight = padColumns(U);
  const float *X = x.data_ptr<float>(), *A = attention_ ? attention.data_ptr<float>() : nullptr;
  float *S = states.data_ptr<float>(), *K = kept.data_ptr<float>();
  overBlocks(B, [&](int64_t first, int64_t end) {
    float product[BLOCK * padded(G)];
    for (int64_t t = 0; t < T; t++)
      for (int64_t b = first; b < end; b += BLOCK) {
        const int64_t rows = std::min<int64_t>(BLOCK, end - b);
        multiplyRows<H, G>(rows, S + (t * B + b) * H, weight.data(), product);
        for (int64_t i = 0; i < rows; i++) {
          const int64_t row = t * B + b + i;
          const float *in = X + row * G, *p = product + i * padded(G), *h = S + row * H;
          const float a = A ? A[row] : 1.f;
          float *k = K + row * 4 * H, *out = S + (row + B) * H;
          for (int j = 0; j < H; j++) {
            const float update = sigmoid(in[j] + p[j]), reset = sigmoid(in[H + j] + p[H + j]);
            const float candidate = tangent(in[2 * H + j] + reset * p[2 * H + j]);
            k[j] = update;
            k[H + j] = reset;
            k[2 * H + j] = p[2 * H + j];
            k[3 * H + j] = candidate;
            out[j] = h[j] + a * update * (candidate - h[j]);
          }
        }
      }
  });
  return {states, kept};
}

// gradient [T, B, H] of the states -> of x [T, B, G], of the products h U [T, B, G], of attention [T, B]
std::vector<at::Tensor> backward(const at::Tensor& gradient_, const at::Tensor& U,
                                 const std::optional<at::Tensor>& attention_, const at::Tensor& states,
                                 const at::Tensor& kept) {
  const auto gradient = gradient_.contiguous();
  const auto attention = attention_ ? attention_->contiguous() : at::Tensor();
  const int64_t T = gradient.size(0), B = gradient.size(1);
  auto dx = at::empty({T, B, G}, gradient.options()), dProduct = at::empty({T, B, G}, gradient.options());
  auto dAttention = attention_ ? at::empty({T, B}, gradient.options()) : at::Tensor();
  const auto transposed = padColumns(U.t());
  const float *D = gradient.data_ptr<float>(), *A = attention_ ? attention.data_ptr<float>() : nullptr;
  const float *S = states.data_ptr<float>(), *K = kept.data_ptr<float>();
  float *DX = dx.data_ptr<float>(), *DP = dProduct.data_ptr<float>();
  float* DA = attention_ ? dAttention.data_ptr<float>() : nullptr;
  overBlocks(B, [&](int64_t first, int64_t end) {
    std::vector<float> later((end - first) * H, 0.f);  // what the step after sends back
    float product[BLOCK * padded(H)], direct[BLOCK * H];
    for (int64_t t = T - 1; t >= 0; t--)
      for (int64_t b = first; b < end; b += BLOCK) {
        const int64_t rows = std::min<int64_t>(BLOCK, end - b);
        float* back = later.data() + (b - first) * H;
        for (int64_t i = 0; i < rows; i++) {
          const int64_t row = t * B + b + i;
          const float *k = K + row * 4 * H, *h = S + row * H, *d = D + row * H;
          const float a = A ? A[row] : 1.f;
          float *outX = DX + row * G, *outP = DP + row * G, moved = 0.f;
          for (int j = 0; j < H; j++) {
            const float update = k[j], reset = k[H + j], recurrent = k[2 * H + j], candidate = k[3 * H + j];
            const float dh = d[j] + back[i * H + j], change = dh * (candidate - h[j]), move = a * update;
            const float dCandidate = dh * move * (1.f - candidate * candidate);
            const float dUpdate = change * move * (1.f - update);
            const float dReset = dCandidate * recurrent * reset * (1.f - reset);
            direct[i * H + j] = dh * (1.f - move);
            moved += change * update;
            outX[j] = outP[j] = dUpdate;
            outX[H + j] = outP[H + j] = dReset;
            outX[2 * H + j] = dCandidate;
            outP[2 * H + j] = dCandidate * reset;
          }
          if (DA) DA[row] = moved;
        }
        multiplyRows<G, H>(rows, DP + (t * B + b) * G, transposed.data(), product);
        for (int64_t i = 0; i < rows; i++)
          for (int j = 0; j < H; j++) back[i * H + j] = direct[i * H + j] + product[i * padded(H) + j];
      }
  });
  return {dx, dProduct, dAttention};
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, module) {
  module.def("forward", &forward);
  module.def("backward", &backward);
}
