/**
 * Writes the register blocks of the matrix products as AssemblyScript, one function for each block size.
 *
 * A block computes R rows by V vectors (of four columns) of C = init + sum over p of A(., p) B(p, .), p ascending, with
 * all R * V sums in registers. A sum never depends on which block computes it, so neither on how many rows or columns
 * the call has. AssemblyScript has no macros, and the blocks differ in nothing but R and V; hence a generator.
 *
 * The processor this was tuned on starts two multiplications and two additions of a vector a cycle with a latency of
 * three cycles each, so a block needs at least six independent sums to keep it busy: blocks of few rows have many columns.
 */

/**
 * Most vectors of columns in a block of so many rows. V8 begins a step with all its loads, so what must fit is
 * R * V sums, R + V operands and a product, in the fifteen registers that V8 hands out.
 */
const WIDEST = { 4: 2, 3: 2, 2: 4, 1: 6 };
const ROWS = [4, 3, 2, 1];
/**
 * Steps of p that share the loop's bookkeeping. Each may leave the loop: V8 does not move arithmetic across a branch,
 * where in straight code it would collect the loads of all steps first and run out of registers.
 */
const UNROLL = 4;

const range = (count) => Array.from({ length: count }, (_, i) => i);
const lines = (...parts) => parts.flat(9).join("\n");

/** `form` NN reads A by rows (A(i,p) at a + i*lda + 4p), TN by columns (at a + p*lda + 4i). `part`: the last 1 to 3 columns. */
function block(form, rows, vectors, part) {
  const load = (address, v) => (part ? `get(${address}, part)` : `v128.load(${address}, ${16 * v})`);
  const store = (address, value, v) =>
    part ? `put(${address}, ${value}, part);` : `v128.store(${address}, ${value}, ${16 * v});`;
  const each = (line) => range(rows).map((r) => range(vectors).map((v) => line(r, v)));
  const step = (u) => [
    range(vectors).map((v) => `      const b${u}${v} = ${load("b", v)};`),
    range(rows).map((r) => [
      `      const a${u}${r} = v128.load32_splat(${form === "NN" ? `a${r}, ${4 * u}` : `a0, ${4 * r}`});`,
      range(vectors).map((v) => `      c${r}${v} = madd(a${u}${r}, b${u}${v}, c${r}${v});`),
    ]),
    "      b += ldb;",
    form === "TN" ? "      a0 += lda;" : [],
    "      if (b == end) break;",
  ];
  return lines(
    `function block${form}${rows}x${part ? "Part" : vectors}(`,
    `  k: i32, a0: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize, init: usize, ldi: usize${part ? ", part: i32" : ""}`,
    "): void {",
    each((r, v) => `  let c${r}${v} = f32x4.splat(0);`),
    "  if (init) {",
    each((r, v) => `    c${r}${v} = ${load(`init + ${r} * ldi`, v)};`),
    "  }",
    "  if (k > 0) {",
    form === "NN" ? range(rows - 1).map((r) => `    let a${r + 1} = a${r} + lda;`) : [],
    "    const end = b + <usize>k * ldb;",
    "    while (true) {",
    range(UNROLL).map(step),
    form === "NN" ? range(rows).map((r) => `      a${r} += ${4 * UNROLL};`) : [],
    "    }",
    "  }",
    each((r, v) => `  ${store(`c + ${r} * ldc`, `c${r}${v}`, v)}`),
    "}",
  );
}

/** All columns of m rows, m a multiple of `rows`, block by block; a column panel of B stays in cache over the rows. */
function sweep(form, rows) {
  const panel = (name, width, part) => [
    `    for (let i = 0, ai = a, ci = c, ii = init; i < m; i += ${rows}) {`,
    `      block${form}${rows}x${name}(k, ai, lda, b, ldb, ci, ldc, ii, ldi${part ? ", n" : ""});`,
    `      ai += ${form === "NN" ? `${rows} * lda` : 4 * rows};`,
    `      ci += ${rows} * ldc;`,
    `      if (ii) ii += ${rows} * ldi;`,
    "    }",
    width === 0 ? [] : [`    b += ${16 * width};`, `    c += ${16 * width};`, `    if (init) init += ${16 * width};`],
  ];
  const widest = WIDEST[rows];
  const narrower = range(widest - 1).map((i) => widest - 1 - i);
  return lines(
    `export function sweep${form}${rows}(`,
    "  m: i32, n: i32, k: i32, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize, init: usize, ldi: usize",
    "): void {",
    `  for (; n >= ${4 * widest}; n -= ${4 * widest}) {`,
    panel(widest, widest, false),
    "  }",
    narrower.map((v) => [`  if (n >= ${4 * v}) {`, panel(v, v, false), `    n -= ${4 * v};`, "  }"]),
    "  if (n > 0) {",
    panel("Part", 0, true),
    "  }",
    "}",
  );
}

/** The AssemblyScript source of all blocks, and of the sweeps over a matrix that `gemm.ts` calls. */
export function gemmBlocks() {
  return lines(
    'import { get, madd, put } from "./simd";',
    ["NN", "TN"].map((form) =>
      ROWS.map((rows) => [
        range(WIDEST[rows]).map((v) => block(form, rows, v + 1, false)),
        block(form, rows, 1, true),
        sweep(form, rows),
      ]),
    ),
    "",
  );
}
