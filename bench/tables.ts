/**
 * `npm run bench -- tables`: a training step of DIEN while the table of items grows, on one thread.
 *
 * A step reads and moves the rows of its batch alone, so its time rises with what memory costs to reach (caches, address
 * translation), and not with the size of a table.
 */
import Table from "cli-table3";
import { WorkerPool } from "../src/engine/worker-pool.ts";
import type { WorkspaceOptions } from "../src/engine/workspace.ts";
import { engineSupported } from "../src/kernels/load.ts";
import { resolveConfig } from "../src/run/config.ts";
import { evenMasks, fixedLengthDataset, OWN_HISTORIES, RATE } from "./fixed-length-dataset.ts";

const BATCH = 128;
const HISTORY = 10;
/** Each chunk of steps has samples of its own, drawn from all items alike: what one left in a cache is of no use to the next. */
const CHUNKS = 14;
const STEPS = 20;
const WARM_UP = 3;

/** Sizes of the table by columns of an embedding; the last is nearly all that 4 GiB hold, with two moments for each weight. */
const SIZES: readonly (readonly [cols: number, items: readonly number[]])[] = [
  [18, [1e4, 1e5, 1e6, 1e7, 1.9e7]],
  [6, [1e4, 1e5, 1e6, 1e7, 5e7]],
];

interface TableReport {
  readonly items: number;
  readonly cols: number;
  readonly memory_mib: number;
  /** The median over chunks. */
  readonly step_ms: number;
  /** Rows of all tables that a step moves; their weights and moments, read and written. */
  readonly rows: number;
  readonly moved_kib: number;
}

const engine = engineSupported("native") ? "native" : "wasm";

async function measure(cols: number, items: number): Promise<TableReport> {
  const dataset = fixedLengthDataset(HISTORY, BATCH * STEPS * CHUNKS, items);
  const train = { batch_size: BATCH, ...OWN_HISTORIES };
  const config = resolveConfig({ model: { name: "dien", embedding: { size: cols } }, train });
  const options: WorkspaceOptions = { schema: dataset.schema, config, training: true, engine, threads: 1 };
  const pool = new WorkerPool(options, dataset, evenMasks(dataset));
  try {
    const { memory, parameters } = pool.workspace;
    const gradients = pool.workspace.gradients!;
    // Millions of normal numbers would take longer than the steps. Every page is written, as in a training.
    memory.f32.fill(0.01, parameters.tables[0].value / 4, gradients.block(0) / 4);
    const loaded = { sequences: dataset.sequences, samples: dataset.train };
    const times: number[] = [];
    for (let chunk = 0; chunk < CHUNKS; chunk++) {
      const [from, to] = [chunk * STEPS, (chunk + 1) * STEPS];
      const start = performance.now();
      await pool.train(loaded, { epoch: 1, portion: 0, from, to, done: 0, rate: RATE });
      if (chunk >= WARM_UP) times.push((performance.now() - start) / STEPS);
    }
    const rows = gradients.tables.reduce((sum, table) => sum + gradients.touchedRows(table), 0);
    return {
      items,
      cols,
      memory_mib: memory.memory.buffer.byteLength / 2 ** 20,
      step_ms: times.sort((a, b) => a - b)[times.length >> 1],
      rows,
      moved_kib: (rows * cols * 4 * 3 * 2) / 2 ** 10,
    };
  } finally {
    await pool.close();
  }
}

const reports: TableReport[] = [];
for (const [cols, sizes] of SIZES) {
  for (const items of sizes) {
    process.stderr.write(`${items.toLocaleString("en")} items, ${cols} columns\n`);
    reports.push(await measure(cols, items));
  }
}

if (process.argv.includes("--json")) process.stdout.write(`${JSON.stringify({ engine, tables: reports })}\n`);
else {
  const head = ["columns", "items", "memory, MiB", "rows moved", "KiB moved", "step, ms"];
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const { cols, items, memory_mib, rows, moved_kib, step_ms } of reports) {
    const sizes = [items, memory_mib, rows, moved_kib].map((size) => Math.round(size).toLocaleString("en"));
    table.push([cols, ...sizes, step_ms.toFixed(2)]);
  }
  process.stdout.write(
    `A training step, batch ${BATCH}, history ${HISTORY}, one thread, ${engine}\n${table.toString()}\n`,
  );
}
