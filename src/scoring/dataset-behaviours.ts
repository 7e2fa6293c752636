/** The behaviours of a dataset as a store keeps them. */
import { type DatasetStream, withDataset } from "../dataset/stream.ts";
import { failure } from "../errors/failure.ts";
import { isNumber } from "../features/schema.ts";
import { identified, type StoredEvent, type StoredItem } from "../store/event.ts";
import { NO_ID, widthOf } from "../tensor/arrays.ts";

/** How many behaviours a group has, about. */
const GROUP = 4096;

/** @param done how many behaviours of `total` have come, with these */
type TakeBehaviours = (events: readonly StoredEvent[], done: number, total: number) => Promise<void>;

/**
 * Calls `take` with all behaviours of a dataset, in groups; it may take its time, no more is read meanwhile. Items have their keys; one that is known
 * by its fields alone has those whose values training knows.
 * @throws UserError where behaviours have no times, or it is not known of which types they are
 */
export async function readDatasetBehaviours(directory: string, take: TakeBehaviours): Promise<void> {
  await withDataset(directory, (dataset) => takeBehaviours(dataset, take));
}

async function takeBehaviours(dataset: DatasetStream, take: TakeBehaviours): Promise<void> {
  const { directory: path, manifest } = dataset;
  const { behaviourTypes: types = [], typesLost, clock, givenHistories, counts } = manifest;
  if (givenHistories || clock === "row")
    throw failure("store.not-importable", { path, reason: "its behaviours have no times" });
  // Without its type, a behaviour would be another than the same one of the log, or of a post.
  if (typesLost || types.length > 1) {
    const reason = "it does not say which of its behaviours are of which type, as its log does";
    throw failure("store.not-importable", { path, reason });
  }
  const [type] = types;
  const items = await itemsOf(dataset);
  let group: StoredEvent[] = [];
  let done = 0;
  await dataset.scanBehaviours(async (user, rows, times) => {
    for (let i = 0; i < rows.length; i++) {
      const said = { user, time: times[i], item: items[rows[i]] };
      group.push(identified(type === undefined ? said : { ...said, type }));
    }
    if (group.length < GROUP) return;
    done += group.length;
    await take(group, done, counts.behaviours);
    group = [];
  });
  if (group.length > 0) await take(group, done + group.length, counts.behaviours);
}

/** Of each catalogue row its item. */
async function itemsOf(dataset: DatasetStream): Promise<StoredItem[]> {
  const { schema, itemFields } = dataset;
  const keys = await dataset.itemKeys();
  const known: Record<string, string | readonly string[]>[] = keys.map(() => ({}));
  for (const [f, field] of schema.item.entries()) {
    const { transform } = dataset.manifest.fields.item[f];
    if (isNumber(field) || transform.kind === "number") continue;
    const names = await dataset.vocabulary(field);
    const width = widthOf(field);
    for (const [row, values] of known.entries()) {
      if (keys[row]) continue;
      const ids = Array.from(itemFields[f].subarray(row * width, (row + 1) * width)).filter(
        (id) => id !== NO_ID && id > 0,
      );
      const texts = ids.map((id) => names[id] as string);
      if (texts.length > 0) values[field.name] = field.list === undefined ? texts[0] : texts;
    }
  }
  return keys.map((key, row) => key || known[row]);
}
