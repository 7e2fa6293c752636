/** Embedding look-up, and the chains that collect the gradients of each looked-up row (contract: `linkRows`). */
import { copyRow } from "./elementwise";
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
    const entry = firstEntry + i;
    store<usize>(at(addresses, entry), gradient);
    store<i32>(at(next, entry), -1);
    if (load<i32>(at(head, id)) == -1) {
      store<i32>(at(head, id), entry);
      store<i32>(at(rows, rowCount++), id);
    } else {
      store<i32>(at(next, load<i32>(at(tail, id))), entry);
    }
    store<i32>(at(tail, id), entry);
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
