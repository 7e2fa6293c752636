/**
 * The kernels of src/kernels/contract.ts, over addresses: where the contract has a pointer 0 for what is absent, there is
 * a null pointer.
 */
#pragma once
#include <cstdint>

namespace dien {

/** A byte offset into the linear memory, which is kept as such. */
struct Offset {
  uint32_t bytes;
};

/** The linear memory. */
struct Memory {
  char* base;
};

void gemmNN(int m, int n, int k, const float* a, int lda, const float* b, int ldb, float* c, int ldc, const float* bias,
            int activation, int accumulate);
void gemmNT(int m, int n, int k, const float* a, int lda, const float* b, int ldb, float* c, int ldc, int accumulate,
            float* scratch);
void gemmTN(int m, int n, int k, const float* a, int lda, const float* b, int ldb, float* c, int ldc, int accumulate);
void transpose(int rows, int cols, const float* x, int ldx, float* out, int ldo);

void fill(int count, float* out, float value);
void copyRows(int rows, int cols, const float* x, int ldx, float* out, int ldo, int accumulate);
void scale(int count, float factor, const float* x, float* out, int accumulate);
void multiply(int rows, int cols, const float* a, int lda, const float* b, int ldb, float* out, int ldo, int accumulate);
void rowDot(int rows, int cols, const float* a, int lda, const float* b, int ldb, float* out, int accumulate);
void rowScale(int rows, int cols, const float* x, int ldx, const float* weight, float* out, int ldo, int accumulate);
void columnSums(int rows, int cols, const float* x, int ldx, float* out, int accumulate);
void sigmoid(int count, const float* x, float* out);
void sigmoidBackward(int count, const float* y, const float* dy, float* dx);

void preluForward(int rows, int cols, const float* x, const float* slope, float* y);
void preluBackward(int rows, int cols, const float* x, const float* slope, const float* dy, float* dx, float* dSlope,
                   int accumulateSlope);
void moments(int rows, int cols, const float* x, float* mean, float* variance);
void diceForward(int rows, int cols, const float* x, const float* mean, const float* variance, float epsilon,
                 const float* alpha, float* y);
void diceBackward(int rows, int cols, const float* x, const float* mean, const float* variance, float epsilon,
                  const float* alpha, const float* dy, float* dx, float* dAlpha, int accumulateAlpha);

double crossEntropy(int count, const float* logit, const float* label, const float* weight, float* gradient, float factor);

void gruForward(int steps, int hidden, int gate, const int32_t* offsets, const int32_t* active, const float* input,
                const int32_t* inputOffsets, const int32_t* reference, const float* U, const float* attention,
                float* states, float* last, float* gates, float* recurrent, float* scratch);
void gruBackward(int steps, int hidden, int gate, const int32_t* offsets, const int32_t* active, const float* U,
                 const float* attention, const float* states, float* gates, float* recurrent, const float* dStates,
                 const float* dLast, float* dAttention, float* previous, float* scratch);

void sumSteps(int samples, int steps, int cols, const int32_t* offsets, const int32_t* active, const float* weight,
              const float* x, const int32_t* xOffsets, const int32_t* reference, float* out, int accumulate);
void spreadSteps(int steps, int cols, const int32_t* offsets, const int32_t* active, const float* weight, const float* x,
                 float* out, int accumulate);
void dotSteps(int steps, int cols, const int32_t* offsets, const int32_t* active, const float* x, const int32_t* xOffsets,
              const int32_t* reference, const float* y, float* out, int accumulate);
void precedingSteps(int steps, int cols, const int32_t* offsets, const int32_t* active, const float* x, float* out);
void addPrecedingSteps(int steps, int cols, const int32_t* offsets, const int32_t* active, const float* x, float* out);
void softmaxSteps(int samples, int steps, const int32_t* offsets, const int32_t* active, const float* scores, float* out,
                  float* scratch);
void softmaxStepsBackward(int samples, int steps, const int32_t* offsets, const int32_t* active, const float* y,
                          const float* dy, float* dScores, float* scratch);

void gatherSteps(int steps, int cols, const int32_t* active, const int32_t* offsets, const int32_t* sequenceOffsets,
                 const int32_t* reference, const float* x, float* out);
void addSteps(int steps, int cols, const int32_t* active, const int32_t* offsets, const int32_t* sequenceOffsets,
              const int32_t* reference, const float* x, float* out);

void gatherRows(int count, int cols, const int32_t* ids, const float* table, float* out, int ldo);
void addRows(int count, int cols, const int32_t* ids, const float* x, float* out);
void gatherBags(int count, int width, int cols, const int32_t* ids, const float* table, float* weights, float* out, int ldo);
int linkRows(int count, const int32_t* ids, Offset gradient, int ld, int firstEntry, int32_t* head, int32_t* tail,
             int32_t* next, uint32_t* addresses, int32_t* rows, int rowCount);
int linkBags(int count, int width, const int32_t* ids, Offset gradient, int ld, int firstEntry, int32_t* head,
             int32_t* tail, int32_t* next, uint32_t* addresses, int32_t* rows, int rowCount);
double sumLinkedRows(Memory memory, int from, int to, int cols, const int32_t* rows, int32_t* head, const int32_t* next,
                     const uint32_t* addresses, float* out);

double sumShards(int count, int shards, const float* first, Offset stride, float* out);
void adam(int count, float* weight, float* m, float* v, const float* gradient, double clip, double decay, double rate,
          double beta1, double beta2, double epsilon, double correction1, double correction2);
void adamRows(int from, int to, int cols, const int32_t* rows, float* weight, float* m, float* v, const float* gradient,
              double clip, double decay, double rate, double beta1, double beta2, double epsilon, double correction1,
              double correction2);

/** No kernel: makes multiplications and additions in registers, fused or not, and returns how many; 0 where it cannot. */
double peak(int iterations, float factor, float addend, int isFused);

}  // namespace dien
