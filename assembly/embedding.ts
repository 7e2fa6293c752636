/** Embedding look-up, and the chains that collect the gradients of each looked-up row (contract: `linkRows`). */
import { copyRow, fill, scale } from "./elementwise";
import { addSquares, get, sum2 } from "./simd";

// @ts-ignore: decorator
@inline
function at(array: usize, index: i32): usize {
  return array + (<usize>index << 2);
}

export function gatherRows(count: i32, cols: i32, ids: usize, table: usize, out: usize, ldo: i32): void {
  for (let i = 0; i < count; i++) {
    copyRow(cols, table + ((<usize>load<i32>(at(ids, i)) * <usize>cols) << 2), out, 0);
    out += <usize>ldo << 2;
  }
}

export function addRows(count: i32, cols: i32, ids: usize, x: usize, out: usize): void {
  for (let i = 0; i < count; i++) {
    copyRow(cols, x, out + ((<usize>load<i32>(at(ids, i)) * <usize>cols) << 2), 1);
    x += <usize>cols << 2;
  }
}

export function gatherBags(
  count: i32,
  width: i32,
  cols: i32,
  ids: usize,
  table: usize,
  weights: usize,
  out: usize,
  ldo: i32,
): void {
  for (let i = 0; i < count; i++) {
    let length = 0;
    for (; length < width; length++) {
      const id = load<i32>(at(ids, length));
      if (id < 0) break;
      copyRow(cols, table + ((<usize>id * <usize>cols) << 2), out, length > 0 ? 1 : 0);
    }
    if (length == 0) fill(cols, out, 0);
    if (weights != 0) {
      const weight: f32 = length == 0 ? 0 : 1 / <f32>length;
      store<f32>(at(weights, i), weight);
      if (length > 1) scale(cols, weight, out, out, 0);
    }
    ids += <usize>width << 2;
    out += <usize>ldo << 2;
  }
}

// @ts-ignore: decorator
@inline
function link(id: i32, entry: i32, gradient: usize, head: usize, tail: usize, next: usize, addresses: usize): bool {
  store<usize>(at(addresses, entry), gradient);
  store<i32>(at(next, entry), -1);
  const isFirst = load<i32>(at(head, id)) == -1;
  if (isFirst) store<i32>(at(head, id), entry);
  else store<i32>(at(next, load<i32>(at(tail, id))), entry);
  store<i32>(at(tail, id), entry);
  return isFirst;
}

export function linkRows(
  count: i32,
  ids: usize,
  gradient: usize,
  ld: i32,
  firstEntry: i32,
  head: usize,
  tail: usize,
  next: usize,
  addresses: usize,
  rows: usize,
  rowCount: i32,
): i32 {
  for (let i = 0; i < count; i++) {
    const id = load<i32>(at(ids, i));
    if (link(id, firstEntry + i, gradient, head, tail, next, addresses)) store<i32>(at(rows, rowCount++), id);
    gradient += <usize>ld << 2;
  }
  return rowCount;
}

export function linkBags(
  count: i32,
  width: i32,
  ids: usize,
  gradient: usize,
  ld: i32,
  firstEntry: i32,
  head: usize,
  tail: usize,
  next: usize,
  addresses: usize,
  rows: usize,
  rowCount: i32,
): i32 {
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < width; j++) {
      const id = load<i32>(at(ids, j));
      if (id < 0) break;
      if (link(id, firstEntry + j, gradient, head, tail, next, addresses)) store<i32>(at(rows, rowCount++), id);
    }
    firstEntry += width;
    ids += <usize>width << 2;
    gradient += <usize>ld << 2;
  }
  return rowCount;
}

export function sumLinkedRows(
  from: i32,
  to: i32,
  cols: i32,
  rows: usize,
  head: usize,
  next: usize,
  addresses: usize,
  out: usize,
): f64 {
  let squares = f64x2.splat(0);
  for (let r = from; r < to; r++) {
    const row = out + ((<usize>r * <usize>cols) << 2);
    const start = at(head, load<i32>(at(rows, r)));
    let entry = load<i32>(start);
    copyRow(cols, load<usize>(at(addresses, entry)), row, 0);
    for (entry = load<i32>(at(next, entry)); entry != -1; entry = load<i32>(at(next, entry))) {
      copyRow(cols, load<usize>(at(addresses, entry)), row, 1);
    }
    for (let left = cols, j: usize = 0; left > 0; left -= 4, j += 16) squares = addSquares(squares, get(row + j, left));
    store<i32>(start, -1);
  }
  return sum2(squares);
}
