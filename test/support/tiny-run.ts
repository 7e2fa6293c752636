/** Runs of tiny models on small datasets, trained once for all files that serve them or score with them. */
import { join } from "node:path";
import { resolveConfig, train } from "dien";
import { writeSmallDataset } from "./dataset.ts";
import { lastingFolder } from "./source.ts";

interface TinyRun {
  readonly data: string;
  /** Who changes a run changes a copy. */
  readonly run: string;
}

const datasets = new Map<boolean, Promise<string>>();
const runs = new Map<string, Promise<TinyRun>>();

/** What `known` has of `key`, made where it has not. */
function once<Key, Made>(known: Map<Key, Promise<Made>>, key: Key, make: () => Promise<Made>): Promise<Made> {
  const made = known.get(key) ?? make();
  known.set(key, made);
  return made;
}

/** A run of the model of that name. @param lists whether there are lists and numbers among the fields */
export function tinyRun(name: string, { lists = false } = {}): Promise<TinyRun> {
  return once(runs, `${name} ${lists}`, async () => {
    const data = await once(datasets, lists, async () => {
      const folder = lastingFolder();
      await writeSmallDataset(folder, { lists });
      return folder;
    });
    const run = join(lastingFolder(), "run");
    const config = resolveConfig({
      model: { name, embedding: { size: 4 }, head: { layers: [8] } },
      train: { epochs: 1, batch_size: 64, learning_rate: 0.05 },
    });
    await train({ data, out: run, config, threads: 1 });
    return { data, run };
  });
}
