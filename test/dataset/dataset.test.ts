import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SPLITS } from "../../src/dataset/dataset.ts";
import { writeAside } from "../../src/dataset/folder.ts";
import { manifestSchema, readManifest } from "../../src/dataset/manifest.ts";
import { openDataset } from "../../src/dataset/read.ts";
import type { DatasetSource } from "../../src/dataset/source.ts";
import { writeDataset } from "../../src/dataset/write.ts";
import { UserError } from "../../src/errors/failure.ts";
import { edit } from "../support/damage.ts";
import { loadVocabularies } from "../support/dataset.ts";
import { sources, temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();

/** The vocabulary that the format asks for, the slow way. */
function expectedVocabulary(values: readonly (string | null)[], uses: Iterable<number>): (string | null)[] {
  const counts = new Map<string, number>();
  for (const use of uses) {
    const value = values[use];
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const order = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return [null, ...order.map(([value]) => value)];
}

function trainingRows(source: DatasetSource): number[] {
  return [...source.training].flatMap((count, s) => [
    ...source.items.subarray(source.offsets[s], source.offsets[s] + count),
  ]);
}

async function someDataset(out: string): Promise<string> {
  await writeDataset(out, fc.sample(sources, { numRuns: 1, seed: 7 })[0]);
  return out;
}

describe("a dataset folder", () => {
  test("gives back what was written, with ids learned on the training part alone", async () => {
    await fc.assert(
      fc.asyncProperty(sources, async (source) => {
        const out = join(folder, "round [trip]*");
        const manifest = await writeDataset(out, source);
        const dataset = await openDataset(out);
        expect(dataset.manifest).toEqual(manifest);
        expect(dataset.sequences.offsets).toEqual(source.offsets);
        expect(dataset.sequences.items).toEqual(source.items);
        const learned = trainingRows(source);
        const vocabularies = await loadVocabularies(out);
        expect([...dataset.popularity]).toEqual(learned);
        for (const [index, { name, values }] of source.itemFields.entries()) {
          const vocabulary = expectedVocabulary(values, learned);
          expect(vocabularies[name]).toEqual(vocabulary);
          expect(dataset.schema.item[index]).toEqual({ name, size: vocabulary.length });
          expect([...dataset.itemFields[index]]).toEqual(values.map((value) => Math.max(0, vocabulary.indexOf(value))));
        }
        const { train } = source.samples;
        const users = expectedVocabulary(source.userFields[0].values, train.sequence);
        const contexts = source.contextFields.map(({ values }, index) =>
          expectedVocabulary(values, train.context[index]),
        );
        for (const split of SPLITS) {
          const raw = source.samples[split];
          const read = dataset[split];
          expect(read.count).toBe(raw.sequence.length);
          expect([...read.label]).toEqual(raw.label);
          expect(read.sequence).toEqual(raw.sequence);
          expect(read.position).toEqual(raw.position);
          expect(read.item).toEqual(raw.item);
          expect(read.length).toEqual(raw.position.map((place) => Math.min(place, source.maxHistory)));
          expect(read.probability).toEqual(raw.probability);
          const userIds = [...raw.sequence].map((s) => Math.max(0, users.indexOf(source.users[s])));
          expect([...read.user[0]]).toEqual(userIds);
          source.contextFields.forEach(({ values }, index) => {
            const ids = [...raw.context[index]].map((code) => Math.max(0, contexts[index].indexOf(values[code])));
            expect([...read.context[index]]).toEqual(ids);
          });
        }
        expect(readdirSync(folder).filter((name) => name.includes(".tmp-") || name.includes(".old-"))).toEqual([]);
      }),
      { numRuns: 10 },
    );
  });
});

test("the manifest in docs/data-format.md is one, to its last byte", async () => {
  const [, example] = /```json\n(.*?)```/s.exec(readFileSync("docs/data-format.md", "utf8"))!;
  const path = join(folder, "documented");
  mkdirSync(path);
  writeFileSync(join(path, "dataset.json"), example);
  const manifest = await readManifest(path);
  // Every key is shown, those that may be absent too.
  expect(Object.keys(manifest).sort()).toEqual(Object.keys(manifestSchema.shape).sort());
});

test("a manifest counts the bytes of large files", async () => {
  const path = join(folder, "documented");
  edit(path, ({ inputs: [first, ...rest], dropped, ...manifest }) => ({
    ...manifest,
    inputs: [{ ...first, bytes: 2 ** 42 }, ...rest],
    dropped: { ...dropped, badRows: 2 ** 33 },
  }));
  const { inputs, dropped } = await readManifest(path);
  expect([inputs[0].bytes, dropped.badRows]).toEqual([2 ** 42, 2 ** 33]);
});

describe("opening refuses", () => {
  const open = (path: string) => openDataset(path).then(() => "opened", messageOf);

  test("a path that is no dataset", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    const file = join(folder, "file");
    writeFileSync(file, "");
    for (const path of [empty, file, join(folder, "nowhere")]) {
      expect(await open(path)).toMatch(/is no dataset: (it|there) /);
    }
    const other = join(folder, "other");
    mkdirSync(other);
    writeFileSync(join(other, "dataset.json"), '{"name": "of someone else"}');
    expect(await open(other)).toMatch(/is no dataset: /);
  });

  test("another format version", async () => {
    const path = await someDataset(join(folder, "version"));
    edit(path, (manifest) => ({ ...manifest, version: 1 }));
    expect(await open(path)).toMatch(/dataset\.json has format version 1, expected 4: prepare the data again$/);
  });

  test("a manifest that is cut off, incomplete, or has keys of its own", async () => {
    const path = await someDataset(join(folder, "manifest"));
    const text = readFileSync(join(path, "dataset.json"), "utf8");
    writeFileSync(join(path, "dataset.json"), text.slice(0, text.length / 2));
    expect(await open(path)).toMatch(/dataset\.json is damaged: it does not end with its sha256/);
    writeFileSync(join(path, "dataset.json"), text);
    edit(path, ({ seed: _, ...rest }) => rest);
    expect(await open(path)).toMatch(/dataset\.json is damaged: seed is missing: /);
    writeFileSync(join(path, "dataset.json"), text);
    edit(path, (manifest) => ({ ...manifest, extra: 1 }));
    expect(await open(path)).toMatch(/dataset\.json is damaged: .*extra/);
    writeFileSync(join(path, "dataset.json"), text);
    edit(path, (manifest) =>
      JSON.parse(JSON.stringify(manifest).replaceAll('"user"', '"label"').replace('"label":[', '"user":[')),
    );
    expect(await open(path)).toMatch(/dataset\.json is damaged: fields\.user\.0\.name: label: the name is taken/);
  });
});

describe("writing", () => {
  test("replaces a dataset, and refuses to replace anything else", async () => {
    const [first, second] = fc.sample(sources, { numRuns: 2, seed: 3 });
    const path = join(folder, "deep", "replaced");
    await writeDataset(path, first);
    const manifest = await writeDataset(path, second);
    expect((await openDataset(path)).manifest).toEqual(manifest);

    const precious = join(folder, "precious");
    mkdirSync(precious);
    writeFileSync(join(precious, "thesis.txt"), "years");
    expect(await writeDataset(precious, first).catch(messageOf)).toMatch(/not empty and is no dataset/);
    expect(await writeDataset(join(precious, "thesis.txt"), first).catch(messageOf)).toMatch(/is no folder/);
    expect(await writeDataset(join(precious, "thesis.txt", "below"), first).catch(messageOf)).toMatch(
      /^cannot write .*below: /,
    );
    expect(readdirSync(precious)).toEqual(["thesis.txt"]);

    // Runs and notes that someone put into a dataset's folder are not to go with it.
    writeFileSync(join(path, "notes.txt"), "days");
    expect(await writeDataset(path, first).catch(messageOf)).toMatch(
      /holds notes.txt beside a dataset, which would be lost/,
    );
    expect((await openDataset(path)).manifest).toEqual(manifest);
    expect(readdirSync(path)).toContain("notes.txt");
  });

  test("that fails half way leaves nothing behind, and the earlier dataset as it was", async () => {
    const home = join(folder, "failing");
    const path = join(home, "data");
    const [first, second] = fc.sample(sources, { numRuns: 2, seed: 4 });
    const manifest = await writeDataset(path, first);
    const failing = writeDataset(path, second, (_, done) => {
      if (done === 6) throw new Error("power cut");
    });
    await expect(failing).rejects.toThrow("power cut");
    expect(readdirSync(home)).toEqual(["data"]);
    expect((await openDataset(path)).manifest).toEqual(manifest);
  });

  test("that cannot take its place puts the earlier dataset back", async () => {
    const home = join(folder, "unplaced");
    const path = join(home, "data");
    const manifest = await writeDataset(path, fc.sample(sources, { numRuns: 1, seed: 4 })[0]);
    const failing = writeAside(path, async (aside) => rmSync(aside, { recursive: true }));
    await expect(failing).rejects.toThrow(/^cannot write .*data: no such file or folder$/);
    expect(readdirSync(home)).toEqual(["data"]);
    expect((await openDataset(path)).manifest).toEqual(manifest);
  });

  test.runIf(process.platform === "linux")("refuses a mount point before any work is done", async () => {
    const refused = await writeAside("/proc", async () => expect.unreachable()).catch(messageOf);
    expect(refused).toMatch(/^\/proc is a mount point/);
  });

  test("refuses a field name that is taken, an item field of the time, and a probability that only some samples have", async () => {
    const source = fc.sample(sources, { numRuns: 1, seed: 5 })[0];
    const rename = (name: string): DatasetSource => ({ ...source, userFields: [{ ...source.userFields[0], name }] });
    for (const name of ["position", "category"]) {
      await expect(writeDataset(join(folder, "names"), rename(name))).rejects.toThrow(`${name}: the name is taken`);
    }
    for (const name of ["row", "key", "time"]) {
      const itemFields = [{ ...source.itemFields[0], name }];
      const writing = writeDataset(join(folder, "names"), { ...source, itemFields });
      await expect(writing).rejects.toThrow(`${name}: the name is taken`);
    }
    const itemFields = [{ ...source.itemFields[0], transform: { kind: "hour" as const, offset: 0 } }];
    await expect(writeDataset(join(folder, "names"), { ...source, itemFields })).rejects.toThrow("an item has no time");
    const { probability: _, ...test } = source.samples.test;
    const { train, valid } = source.samples;
    const probability = new Float32Array(train.sequence.length);
    const mixed = { ...source, samples: { train: { ...train, probability }, valid, test } };
    await expect(writeDataset(join(folder, "names"), mixed)).rejects.toThrow("probability");
  });
});

function messageOf(error: unknown): string {
  expect(error).toBeInstanceOf(UserError);
  const { message } = error as UserError;
  expect(message).not.toContain("\n");
  return message;
}
