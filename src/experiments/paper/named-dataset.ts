/**
 * A dataset in memory with the names of its items, categories and users, and its test samples as requests to a model.
 */
import { cellsAt } from "../../dataset/cells.ts";
import type { Dataset } from "../../dataset/dataset.ts";
import { readWhole } from "../../dataset/read.ts";
import { DatasetStream } from "../../dataset/stream.ts";
import { type Field, isNumber } from "../../features/schema.ts";
import type { CodedRequest } from "../../scoring/coded-request.ts";
import type { CellValues } from "../../tensor/arrays.ts";
import type { LabDataset } from "../lab/datasets.ts";

/** Categories of items: the id of each catalogue row's, and the name of each id. */
interface Categories {
  readonly ids: CellValues;
  readonly names: readonly (string | null)[];
}

export class NamedDataset {
  /** The name of its folder. */
  readonly name: string;
  readonly dataset: Dataset;
  readonly #items: readonly (string | null)[];
  readonly #categories: Categories;
  /** [sequences] */
  readonly users: readonly string[];
  /** Catalogue rows, those with the most behaviours in the training part first. */
  readonly popular: readonly number[];

  private constructor(
    name: string,
    dataset: Dataset,
    items: readonly (string | null)[],
    categories: Categories,
    users: readonly string[],
  ) {
    this.name = name;
    this.dataset = dataset;
    this.#items = items;
    this.#categories = categories;
    this.users = users;
    const counts = new Map<number, number>();
    for (const row of dataset.popularity) counts.set(row, (counts.get(row) ?? 0) + 1);
    this.popular = [...counts].sort(([a, m], [b, n]) => n - m || a - b).map(([row]) => row);
  }

  static async open({ name, folder, manifest }: LabDataset): Promise<NamedDataset> {
    const stream = await DatasetStream.open(folder, { portionBudget: Number.POSITIVE_INFINITY, manifest });
    try {
      const dataset = await readWhole(stream);
      const { item } = dataset.schema;
      const items = await stream.itemKeys();
      // The first field after the item's own that has one value. Without one, every item is a category of its own.
      const category = item.findIndex((field, f) => f > 0 && field.list === undefined && !isNumber(field));
      const categories =
        category > 0
          ? { ids: dataset.itemFields[category], names: await stream.vocabulary(item[category]) }
          : { ids: Int32Array.from(items, (_, row) => row), names: items };
      return new NamedDataset(name, dataset, items, categories, await stream.userKeys());
    } finally {
      await stream.close();
    }
  }

  /** Id of a row's category. */
  categoryId(row: number): number {
    return this.#categories.ids[row];
  }

  category(row: number): string {
    return this.#categories.names[this.categoryId(row)] ?? "unknown";
  }

  item(row: number): string {
    return this.#items[row] ?? "unknown";
  }

  /** Catalogue rows of the history of a test sample, oldest first. */
  history(sample: number): number[] {
    const { test, sequences } = this.dataset;
    const end = sequences.offsets[test.sequence[sample]] + test.position[sample];
    return Array.from(sequences.items.subarray(end - test.length[sample], end));
  }

  /** A test sample as a request, with `candidate` (a catalogue row) instead of its own. */
  request(sample: number, candidate: number): CodedRequest {
    const { test, schema } = this.dataset;
    const cells = (fields: readonly Field[], values: readonly CellValues[]) =>
      fields.flatMap((field, f) => [...cellsAt(field, values[f], [sample])]);
    return {
      user: cells(schema.user, test.user),
      context: cells(schema.context, test.context),
      candidate,
      history: this.history(sample),
    };
  }
}
