/**
 * What do the tests not see? Changes one line of the sources at a time and runs the tests that could notice.
 *
 *   node scripts/mutate.mjs [options]            run by hand: a hundred mutants take about half an hour
 *
 *   --count N         mutants that compile, the same number for each room         (default 160)
 *   --seed N          which of all mutants are taken                              (default 1)
 *   --room A,B        only these rooms                                            (default all of ROOMS)
 *   --out FILE        writes the result as JSON too
 *   --again FILE      tries the survivors of such a FILE once more, and no others
 *   --list            shows the mutants that would be tried, and runs nothing
 *
 * A mutant is killed where a test fails or runs out of time. One that does not compile, or compiles to the same
 * JavaScript, does not count. Survivors are to be read one by one: behaviour that no test asserts, code that does
 * nothing, or a change that makes no difference (a faster path taken or not).
 *
 * All happens in a copy of the project in a temporary folder, which is removed at the end and on Ctrl-C. The copy has
 * the same node_modules and built kernels, so `npm ci` and `npm run build` must have run.
 */
import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { mutantsOf } from "./mutators.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const COPIED = ["src", "test", "scripts", "package.json", "tsconfig.json", "tsconfig.build.json", "vitest.config.ts"];

/** A stage of tests: what vitest is given. Stages run one after the other until one fails. */
const LAYERS = ["test/optim", "test/autograd", "test/nn", "test/models", "test/kernels/golden.test.ts"];
const SAME_WEIGHTS = ["test/training/determinism.test.ts", "-t", "every other machine"];
/** Of the long tests of determinism one of each kind: settings, curves, an abort, a kill. */
const KINDS = "clipped|learning curve is|dien that was aborted|killed between";
const DETERMINISM = ["test/training/determinism.test.ts", "-t", KINDS];
/** What training reports and when it ends: fast tests of numbers. */
const LOOP = [
  ...["steps", "settings", "checkpoint", "losses", "named-losses", "divergence"].map(
    (name) => `test/training/${name}.test.ts`,
  ),
  "test/run/curve.test.ts",
];
const TRAINING = ["test/training/training.test.ts"];

/** The rooms that are mutated, and the tests that are most likely to see them, cheap ones first. */
const ROOMS = {
  optim: [LAYERS, SAME_WEIGHTS, ["test/training/determinism.test.ts", "-t", "clipped"]],
  autograd: [LAYERS, SAME_WEIGHTS],
  nn: [LAYERS, SAME_WEIGHTS],
  statistics: [["test/statistics"]],
  engine: [["test/engine"], SAME_WEIGHTS, LOOP, DETERMINISM, TRAINING],
  run: [["test/run"], TRAINING],
  dataset: [["test/dataset"], SAME_WEIGHTS, TRAINING],
  models: [LAYERS, SAME_WEIGHTS],
  scoring: [["test/scoring"], TRAINING],
  training: [LOOP, SAME_WEIGHTS, TRAINING, DETERMINISM],
};

/** A stage that takes longer is taken for one without an end. */
const STAGE_SECONDS = 240;

const options = parseArgs({
  options: {
    count: { type: "string", default: "160" },
    seed: { type: "string", default: "1" },
    room: { type: "string", default: Object.keys(ROOMS).join(",") },
    out: { type: "string" },
    again: { type: "string" },
    list: { type: "boolean", default: false },
  },
}).values;

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** All mutants of a room, in an order that the seed decides. */
function shuffledMutants(room, seed) {
  const files = readdirSync(join(root, "src", room)).filter((name) => name.endsWith(".ts"));
  const mutants = files.sort().flatMap((name) => {
    const file = join("src", room, name);
    return mutantsOf(readFileSync(join(root, file), "utf8")).map((mutant) => ({ room, file, ...mutant }));
  });
  const random = randomNumbers(seed);
  for (let i = mutants.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [mutants[i], mutants[j]] = [mutants[j], mutants[i]];
  }
  return mutants;
}

/** A copy of the project, with the command that is running in it. */
class Copy {
  folder = mkdtempSync(join(tmpdir(), "dien-mutants-"));
  #child;

  constructor() {
    for (const name of COPIED) cpSync(join(root, name), join(this.folder, name), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
  }

  path(file) {
    return join(this.folder, file);
  }

  /** Runs a tool of node_modules; "ok", "failed", or "timed out", after which nothing of it runs any more. */
  run(tool, args) {
    return new Promise((resolve) => {
      const command = join(root, "node_modules", ".bin", tool);
      const child = spawn(command, args, { cwd: this.folder, stdio: "ignore", detached: true });
      this.#child = child;
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        this.stop();
      }, STAGE_SECONDS * 1000);
      child.on("close", (code) => {
        clearTimeout(timer);
        this.#child = undefined;
        resolve(timedOut ? "timed out" : code === 0 ? "ok" : "failed");
      });
    });
  }

  /** Ends what runs: the tool and all processes that it started. */
  stop() {
    if (this.#child) process.kill(-this.#child.pid, "SIGKILL");
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Compiles. A mutant may leave a variable without a reader: that is no error here. */
  build() {
    const incremental = ["--incremental", "--tsBuildInfoFile", "build.tsbuildinfo"];
    const lenient = ["--noUnusedLocals", "false", "--noUnusedParameters", "false"];
    return this.run("tsc", ["-p", "tsconfig.build.json", ...lenient, ...incremental]);
  }

  /** Runs a stage. */
  test(stage) {
    return this.run("vitest", ["run", "--bail", "1", "--reporter", "dot", ...stage]);
  }
}

/** Throws where the project does not build or a test fails without any mutant. */
async function checkStages(copy, rooms) {
  if ((await copy.build()) !== "ok") throw new Error("the project does not build");
  for (const stage of new Set(rooms.flatMap((room) => ROOMS[room]))) {
    if ((await copy.test(stage)) !== "ok") throw new Error(`fails without any mutant: ${stage.join(" ")}`);
  }
}

/** "killed", "timed out", "survived", or what does not count: "no compile", "no change", "no line". */
async function judge(copy, { room, file, line, before, after }) {
  const source = readFileSync(join(root, file), "utf8");
  const lines = source.split("\n");
  // In a source that has changed since the mutant was made, the line may stand elsewhere.
  const at = lines[line - 1] === before ? line - 1 : lines.indexOf(before);
  if (at < 0) return "no line";
  const built = copy.path(file.replace(/^src/, "dist").replace(/\.ts$/, ".js"));
  const original = readFileSync(built, "utf8");
  writeFileSync(copy.path(file), lines.with(at, after).join("\n"));
  try {
    if ((await copy.build()) !== "ok") return "no compile";
    if (readFileSync(built, "utf8") === original) return "no change";
    for (const stage of ROOMS[room]) {
      const result = await copy.test(stage);
      if (result !== "ok") return result === "failed" ? "killed" : result;
    }
    return "survived";
  } finally {
    writeFileSync(copy.path(file), source);
    writeFileSync(built, original);
  }
}

const counts = (result) => ["killed", "timed out", "survived"].includes(result);

/** Tries mutants of a room until `quota` of them count. */
async function tryRoom(copy, mutants, quota) {
  const tried = [];
  for (const mutant of mutants) {
    if (tried.filter(({ result }) => counts(result)).length === quota) break;
    const result = await judge(copy, mutant);
    tried.push({ ...mutant, result });
    if (counts(result)) console.log(`${result.padEnd(9)} ${describe(mutant)}`);
  }
  return tried;
}

function describe({ file, line, before, after }) {
  return `${file}:${line}\n            ${before.trim()}\n         -> ${after.trim() || "(nothing)"}`;
}

function report(tried) {
  const results = ["killed", "timed out", "survived", "no compile", "no change", "no line"];
  const row = (name, cells) =>
    console.log([name.padEnd(12), ...cells.map((cell) => String(cell).padStart(11))].join(""));
  const count = (list) => results.map((result) => list.filter((mutant) => mutant.result === result).length);
  console.log();
  row("", results);
  for (const room of new Set(tried.map((mutant) => mutant.room))) {
    row(room, count(tried.filter((mutant) => mutant.room === room)));
  }
  row("all", count(tried));
  console.log("\nSurvivors:");
  for (const mutant of tried.filter(({ result }) => result === "survived")) console.log(describe(mutant));
}

const missing = Object.values(ROOMS)
  .flat(2)
  .find((arg) => arg.startsWith("test/") && !existsSync(join(root, arg)));
if (missing) throw new Error(`ROOMS names a test that does not exist: ${missing}`);
const rooms = options.room.split(",");
const unknown = rooms.find((room) => !(room in ROOMS));
if (unknown) throw new Error(`unknown room "${unknown}": expected some of ${Object.keys(ROOMS).join(", ")}`);
const quota = Math.ceil(Number(options.count) / rooms.length);
const earlier = options.again && JSON.parse(readFileSync(options.again, "utf8"));
const mutantsOfRoom = (room) =>
  earlier
    ? earlier.filter((mutant) => mutant.room === room && mutant.result === "survived")
    : shuffledMutants(room, Number(options.seed));

if (options.list) {
  for (const room of rooms) for (const mutant of mutantsOfRoom(room).slice(0, quota)) console.log(describe(mutant));
} else {
  const copy = new Copy();
  const leave = () => {
    copy.stop();
    copy.remove();
  };
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => {
      leave();
      process.exit(130);
    });
  }
  try {
    await checkStages(copy, rooms);
    const tried = [];
    for (const room of rooms) {
      tried.push(...(await tryRoom(copy, mutantsOfRoom(room), quota)));
      if (options.out) writeFileSync(options.out, `${JSON.stringify(tried, null, 1)}\n`);
    }
    report(tried);
  } finally {
    leave();
  }
}
