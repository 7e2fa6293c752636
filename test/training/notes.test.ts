/** What a training tells its listener beside steps and epochs. */
import { join } from "node:path";
import { interruptible, resolveConfig, type TrainOptions, train } from "dien";
import { beforeAll, expect, it } from "vitest";
import { writeSmallDataset } from "../support/dataset.ts";
import { temporaryFolder } from "../support/source.ts";

const folder = temporaryFolder();
const data = join(folder, "data");
beforeAll(() => writeSmallDataset(data));

const config = resolveConfig({ model: { name: "base" }, train: { epochs: 2, batch_size: 4 } });

/** Trains, and returns the notes. `stopAfter`: so many steps later it is interrupted. */
async function notesOf(options: Partial<TrainOptions>, stopAfter = Number.POSITIVE_INFINITY): Promise<string[]> {
  const notes: string[] = [];
  const controller = new AbortController();
  await train({
    ...{ data, out: join(folder, "run"), config, threads: 1, signal: controller.signal },
    ...options,
    onProgress: (event) => {
      if (event.kind === "note") notes.push(event.text);
      if (event.kind === "step" && event.step >= stopAfter) controller.abort();
    },
  });
  return notes;
}

it("says where a resumed run goes on", async () => {
  expect(await notesOf({}, 1)).toEqual([]);
  expect(await notesOf({ resume: true })).toEqual(["the run goes on in epoch 1 of 2, after step 100"]);
  expect(await notesOf({ resume: true })).toEqual(["all 2 epochs are done"]);
});

it("obeys the signal of the work that it is part of", async () => {
  const stop = new AbortController();
  const onProgress = () => stop.abort();
  const options = { data, config, out: join(folder, "part"), threads: 1, onProgress };
  const outcome = await interruptible(stop.signal, () => train(options));
  expect(outcome).toMatchObject({ interrupted: true, epoch: 1 });
  expect(await train({ ...options, resume: true })).toMatchObject({ epochs: [{}, {}] });
});

it("says that a resumed run without a checkpoint begins anew", async () => {
  const out = join(folder, "stopped at once");
  await train({ data, config, out, threads: 1, signal: AbortSignal.abort() });
  expect(await notesOf({ out, resume: true })).toEqual(["there is no checkpoint yet: the run begins anew"]);
});

it("warns of a validation part with one class", async () => {
  const oneClass = join(folder, "one class");
  await writeSmallDataset(oneClass, { validLabel: 1 });
  const notes = await notesOf({ data: oneClass, out: join(folder, "of one class") });
  expect(notes[0]).toMatch(/^warning: all validation samples have one label/);
});
