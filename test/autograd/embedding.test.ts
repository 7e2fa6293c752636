/** Look-ups of three fields of different widths, over rows that begin behind the first: values, and where gradients go. */
import { expect, it } from "vitest";
import { embed } from "../../src/autograd/embedding.ts";
import type { Tensor } from "../../src/autograd/values.ts";
import { seedGradient, Workbench } from "../support/workbench.ts";

const FIELDS = [
  { name: "item", rows: 6, cols: 3 },
  { name: "category", rows: 4, cols: 1 },
  { name: "brand", rows: 5, cols: 2 },
];
const WIDTH = 6;
/** Beyond what the tape places. */
const IDS = 60 << 20;

it("stand side by side, and each knows the column of its field and the ids of its rows", () => {
  let y: Tensor;
  const lengths = [3, 2, 2];
  const tokens = 7;
  const ids = FIELDS.map(({ name }, f) => ({ name, pointer: IDS + f * 256, values: new Int32Array(0) }));
  const bench = new Workbench(lengths, ({ tape, packed }) => {
    const tables = FIELDS.map(({ name, rows, cols }) =>
      tape.parameter(name, rows, cols, { kind: "table", scale: 1 }, "table"),
    );
    y = embed(tape, tables, ids, packed.pairs);
    seedGradient(tape, y, () => Array.from({ length: 4 * WIDTH }, (_, i) => i));
  });
  const { tape, packed, memory } = bench;
  const numberOf = (f: number, row: number, j: number) => 100 * (f + 1) + 10 * row + j;
  bench.setParameters(
    Object.fromEntries(
      FIELDS.map(({ name, rows, cols }, f) => {
        const data = Array.from({ length: rows * cols }, (_, i) => numberOf(f, Math.floor(i / cols), i % cols));
        return [name, { shape: [rows, cols], data }];
      }),
    ),
  );
  const idOf = (f: number, token: number) => (token * (f + 2) + f) % FIELDS[f].rows;
  for (const [f, { pointer }] of ids.entries()) {
    for (let token = 0; token < tokens; token++) memory.i32[pointer / 4 + token] = idOf(f, token);
  }
  bench.forward();
  // Pairs leave out the tokens of step 0, of which there are three.
  expect([packed.pairs.first, packed.pairs.count]).toEqual([3, 4]);
  const expected = [3, 4, 5, 6].flatMap((token) =>
    FIELDS.flatMap(({ cols }, f) => Array.from({ length: cols }, (_, j) => numberOf(f, idOf(f, token), j))),
  );
  expect(bench.read(y!.value, 4 * WIDTH)).toEqual(expected);
  expect(tape.lookups).toMatchObject([
    { table: "item", ids: IDS, width: 1, column: 0 },
    { table: "category", ids: IDS + 256, column: 3 },
    { table: "brand", ids: IDS + 512, column: 4 },
  ]);
  tape.backward();
  for (const { rows, output } of tape.lookups) {
    expect(rows).toBe(packed.pairs);
    expect(bench.read(output.grad, 4 * WIDTH)).toEqual(Array.from({ length: 4 * WIDTH }, (_, i) => i));
  }
});

it("of lists are means or sums, numbers are columns, and the gradient of a mean is divided by its length", () => {
  let y: Tensor;
  const list = (pooling: "mean" | "sum") => ({ most: 3, pooling });
  const tags = { name: "tags", pointer: IDS, values: new Int32Array(0), list: list("mean") };
  const price = { name: "price", pointer: IDS + 256, values: new Float32Array(0) };
  const words = { name: "words", pointer: IDS + 512, values: new Int32Array(0), list: list("sum") };
  const bench = new Workbench([1, 1, 1], ({ tape, packed }) => {
    const table = (name: string) => tape.parameter(name, 4, 2, { kind: "table", scale: 1 }, "table");
    y = embed(tape, [table("tags"), table("words")], [tags, price, words], packed.samples);
    seedGradient(tape, y, () => [...Array.from({ length: 15 }, (_, i) => 6 * (i + 1))]);
  });
  const { tape, memory } = bench;
  bench.setParameters({
    tags: { shape: [4, 2], data: [1, 2, 10, 20, 100, 200, 1000, 2000] },
    words: { shape: [4, 2], data: [1, 2, 10, 20, 100, 200, 1000, 2000] },
  });
  memory.i32.set([0, 1, -1, 2, 3, 3, 1, -1, 2], IDS / 4);
  memory.f32.set([0.5, -2, 7], IDS / 4 + 64);
  memory.i32.set([3, -1, 1, 2, 0, -1, -1, 1, 1], IDS / 4 + 128);
  bench.forward();
  expect(bench.read(y!.value, 15)).toEqual(
    [
      [5.5, 11, 0.5, 1000, 2000],
      [700, 1400, -2, 101, 202],
      [10, 20, 7, 0, 0],
    ].flat(),
  );
  expect(tape.lookups).toMatchObject([
    { table: "tags", ids: IDS, width: 3, column: 0 },
    { table: "words", ids: IDS + 512, width: 3, column: 3 },
  ]);
  tape.backward();
  expect(bench.read(y!.grad, 15)).toEqual(
    [
      [3, 6, 18, 24, 30],
      [12, 14, 48, 54, 60],
      [66, 72, 78, 84, 90],
    ].flat(),
  );
});
