/** `verify` finds what was damaged, says so once in a line that names the file, and changes nothing. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolveConfig, type TrainEvent, train, type Verification, verify } from "dien";
import { beforeAll, describe, expect, it } from "vitest";
import { writeStop } from "../../src/experiments/lab/trials.ts";
import { writeReport } from "../../src/report/write.ts";
import { dien } from "../cli/harness.ts";
import { edit, replace, writeAnew } from "../support/damage.ts";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const all = join(folder, "all");
const [data, run, begun] = [join(all, "data"), join(all, "runs", "run"), join(all, "runs", "begun")];

beforeAll(async () => {
  await writeSmallDataset(data);
  const config = resolveConfig({
    model: { name: "base", head: { layers: [4] } },
    train: { epochs: 2, batch_size: 64 },
  });
  const onProgress = (event: TrainEvent) => {
    if (event.kind === "step" && event.epoch === 2)
      cpSync(run, begun, { recursive: true, filter: (path) => !path.endsWith("lock") });
  };
  await train({ data, out: run, config, threads: 1, onProgress });
});

function copyOf(path: string): string {
  const copy = join(folder, "copy");
  rmSync(copy, { recursive: true, force: true });
  cpSync(path, copy, { recursive: true });
  return copy;
}

function flip(path: string, at = statSync(path).size >> 1): void {
  const bytes = readFileSync(path);
  bytes[at] ^= 4;
  writeFileSync(path, bytes);
}

const problemsOf = (found: readonly Verification[]) =>
  found.flatMap(({ files }) => files.flatMap(({ file, problem }) => (problem === undefined ? [] : [file])));

describe("verify", () => {
  it("finds datasets and runs below a folder, how far they are, and no damage in them", async () => {
    const before = readdirSync(all, { recursive: true });
    const found = await verify([all]);
    expect(found.map(({ path, kind, state }) => [path, kind, state])).toEqual([
      [data, "dataset", undefined],
      [begun, "run", "unfinished"],
      [run, "run", "finished"],
    ]);
    expect(problemsOf(found)).toEqual([]);
    expect(found[0].files.map(({ file }) => file)).toContain("vocabulary/hour.parquet");
    expect(found[2].files.map(({ file }) => file).sort()).toEqual(
      ["checkpoint/state.safetensors", "config.yaml", "metrics.jsonl"].concat([
        "model/model.json",
        "model/weights.safetensors",
        "scores/test.safetensors",
        "summary.json",
      ]),
    );
    expect(readdirSync(all, { recursive: true })).toEqual(before);
  });

  it("names every damaged file of a dataset", async () => {
    const copy = copyOf(data);
    flip(join(copy, "train.parquet"));
    rmSync(join(copy, "vocabulary", "hour.parquet"));
    expect(problemsOf(await verify([copy]))).toEqual(["vocabulary/hour.parquet", "train.parquet"]);
    flip(join(copy, "dataset.json"));
    expect(problemsOf(await verify([copy]))).toEqual(["dataset.json"]);
  });

  it("finds rows that break a rule, though the checksums fit", async () => {
    const copy = copyOf(data);
    await replace(copy, "valid.parquet", "2::INTEGER AS label");
    const [{ files }] = await verify([copy]);
    expect(files.at(-1)?.problem).toMatch(/valid\.parquet is damaged: row 0 has label 2/);
    edit(copy, ({ files: { "test.parquet": _, ...files }, ...rest }) => ({ ...rest, files }));
    expect((await verify([copy]))[0].files[0].problem).toMatch(/files: lacks test\.parquet/);
    await writeAnew(copy, "test.parquet", "FROM original");
  });

  it.each([
    "config.yaml",
    "metrics.jsonl",
    "summary.json",
    "model/model.json",
    "model/weights.safetensors",
    "checkpoint/state.safetensors",
    "scores/test.safetensors",
  ])("finds damage of a finished run's %s, and its absence", async (file) => {
    const copy = copyOf(run);
    flip(join(copy, file));
    expect(problemsOf(await verify([copy]))).toContain(file);
    rmSync(join(copy, file));
    // A checkpoint is of no use to a finished run, and without a summary none is finished.
    const needed = !file.startsWith("checkpoint") && file !== "summary.json";
    expect(problemsOf(await verify([copy])).includes(file)).toBe(needed);
  });

  it("finds damage beside damage", async () => {
    const copy = copyOf(run);
    for (const file of ["config.yaml", "model/model.json", "model/weights.safetensors"]) flip(join(copy, file));
    expect(problemsOf(await verify([copy]))).toEqual(["config.yaml", "model/model.json", "model/weights.safetensors"]);
    const lost = copyOf(begun);
    rmSync(join(lost, "model", "model.json"));
    expect(problemsOf(await verify([lost]))).toEqual(["model/model.json"]);
  });

  it("finds damage of an unfinished run, and of the note about one that was stopped", async () => {
    const copy = copyOf(begun);
    flip(join(copy, "metrics.jsonl"), 40);
    expect(problemsOf(await verify([copy]))).toEqual(["metrics.jsonl"]);
    const stopped = copyOf(begun);
    await writeStop(stopped, { reason: "early", validAuc: [0.5] });
    expect(await verify([stopped])).toMatchObject([{ state: "stopped" }]);
    flip(join(stopped, "stopped.json"));
    expect(problemsOf(await verify([stopped]))).toEqual(["stopped.json"]);
  });

  it("takes a folder with no more than a config.yaml for a run that has just begun, unless there are runs below it", async () => {
    const place = join(folder, "project");
    mkdirSync(place);
    writeFileSync(join(place, "config.yaml"), "model:\n  name: base\n");
    expect(await verify([place])).toMatchObject([{ path: place, kind: "run", state: "unfinished" }]);
    cpSync(run, join(place, "mine"), { recursive: true });
    expect((await verify([place])).map(({ path }) => path)).toEqual([join(place, "mine")]);
  });

  it("takes no report of an experiment for a run, though its data have a summary.json", async () => {
    const place = join(folder, "experiments");
    cpSync(run, join(place, "runs", "base"), { recursive: true });
    const report = {
      name: "table2",
      title: "Table 2",
      lead: "",
      blocks: [],
      data: { summary: [{ model: "base" }] },
      commands: [],
    };
    await writeReport(join(place, "table2"), report);
    expect((await verify([place])).map(({ path }) => path)).toEqual([join(place, "runs", "base")]);
  });

  it("refuses a path that leads to neither", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty, { recursive: true });
    await expect(verify([data, empty])).rejects.toThrow(/empty is neither a dataset nor a run, and holds none$/);
    await expect(verify([join(folder, "nowhere")])).rejects.toThrow(/cannot verify .*nowhere: no such file or folder/);
  });
});

describe("the command", () => {
  it("prints tables and what is damaged, and exits with 1", async () => {
    const copy = copyOf(run);
    const whole = await dien(["verify", data, copy], { jobs: { verify } });
    expect(whole).toMatchObject({ code: 0, stderr: "" });
    expect(whole.stdout).toMatch(
      /data: dataset\n.*\n[\s\S]*train\.parquet +whole +sha256\n[\s\S]*copy: finished run\n[\s\S]*\n\nno damage\n$/,
    );
    flip(join(copy, "config.yaml"));
    flip(join(copy, "scores", "test.safetensors"));
    const damaged = await dien(["verify", copy], { jobs: { verify } });
    expect(damaged).toMatchObject({ code: 1, stderr: "" });
    expect(damaged.stdout).toMatch(/config\.yaml +DAMAGED/);
    const lines = damaged.stdout.split("\n\n")[1].trim().split("\n");
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/is damaged: /);
  });

  it("prints JSON, and needs a path", async () => {
    const copy = copyOf(data);
    rmSync(join(copy, "items.parquet"));
    const { code, stdout } = await dien(["verify", copy, "--json"], { jobs: { verify } });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      verified: [{ kind: "dataset", path: copy }],
      damage: [expect.stringMatching(/cannot read .*items\.parquet: no such file/)],
    });
    expect(await dien(["verify"])).toMatchObject({ code: 2 });
  });
});
