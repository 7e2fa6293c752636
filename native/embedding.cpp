/** Embedding look-up, and the chains that collect the gradients of each looked-up row. */
#include "kernels.hpp"
#include "rows.hpp"

namespace dien {

void gatherRows(int count, int cols, const int32_t* ids, const float* table, float* out, int ldo) {
  const auto rowOf = [&](int i) { return table + static_cast<intptr_t>(ids[i]) * cols; };
  for (int i = 0; i < count; i++, out += ldo) {
    if (i + AHEAD < count) prefetchRow(cols, rowOf(i + AHEAD));
    copyRow(cols, rowOf(i), out, 0);
  }
}

void addRows(int count, int cols, const int32_t* ids, const float* x, float* out) {
  for (int i = 0; i < count; i++, x += cols) copyRow(cols, x, out + static_cast<intptr_t>(ids[i]) * cols, 1);
}

void gatherBags(int count, int width, int cols, const int32_t* ids, const float* table, float* weights, float* out,
                int ldo) {
  for (int i = 0; i < count; i++, ids += width, out += ldo) {
    int length = 0;
    for (; length < width && ids[length] >= 0; length++) {
      copyRow(cols, table + static_cast<intptr_t>(ids[length]) * cols, out, length > 0);
    }
    if (length == 0) fill(cols, out, 0);
    if (!weights) continue;
    weights[i] = length == 0 ? 0 : 1 / static_cast<float>(length);
    if (length > 1) scale(cols, weights[i], out, out, 0);
  }
}

/** The chains of rows, and the rows that have one. */
struct Chains {
  int32_t* head;
  int32_t* tail;
  int32_t* next;
  uint32_t* addresses;
  int32_t* rows;
  int rowCount;

  void prefetch(int id) const {
    __builtin_prefetch(head + id);
    __builtin_prefetch(tail + id);
  }

  void link(int id, int entry, uint32_t gradient) {
    addresses[entry] = gradient;
    next[entry] = -1;
    if (head[id] == -1) {
      head[id] = entry;
      rows[rowCount++] = id;
    } else {
      next[tail[id]] = entry;
    }
    tail[id] = entry;
  }
};

int linkRows(int count, const int32_t* ids, Offset gradient, int ld, int firstEntry, int32_t* head, int32_t* tail,
             int32_t* next, uint32_t* addresses, int32_t* rows, int rowCount) {
  Chains chains = {head, tail, next, addresses, rows, rowCount};
  const uint32_t step = 4 * static_cast<uint32_t>(ld);
  for (int i = 0; i < count; i++) {
    if (i + AHEAD < count) chains.prefetch(ids[i + AHEAD]);
    chains.link(ids[i], firstEntry + i, gradient.bytes + i * step);
  }
  return chains.rowCount;
}

int linkBags(int count, int width, const int32_t* ids, Offset gradient, int ld, int firstEntry, int32_t* head,
             int32_t* tail, int32_t* next, uint32_t* addresses, int32_t* rows, int rowCount) {
  Chains chains = {head, tail, next, addresses, rows, rowCount};
  const uint32_t step = 4 * static_cast<uint32_t>(ld);
  for (int i = 0; i < count; i++, ids += width, firstEntry += width) {
    for (int j = 0; j < width && ids[j] >= 0; j++) chains.link(ids[j], firstEntry + j, gradient.bytes + i * step);
  }
  return chains.rowCount;
}

double sumLinkedRows(Memory memory, int from, int to, int cols, const int32_t* rows, int32_t* head, const int32_t* next,
                     const uint32_t* addresses, float* out) {
  Squares squares;
  const auto gradientOf = [&](int entry) { return reinterpret_cast<const float*>(memory.base + addresses[entry]); };
  for (intptr_t r = from; r < to; r++) {
    float* row = out + r * cols;
    int32_t& start = head[rows[r]];
    copyRow(cols, gradientOf(start), row, 0);
    for (int entry = next[start]; entry != -1; entry = next[entry]) copyRow(cols, gradientOf(entry), row, 1);
    for (int j = 0, left = cols; left > 0; left -= 4, j += 4) squares.add(getFour(row + j, left));
    start = -1;
  }
  return squares.total();
}

}  // namespace dien
