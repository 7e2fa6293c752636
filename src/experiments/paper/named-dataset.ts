/**
 * A dataset in memory with the names of its items, categories and users, and its test samples as requests to a model.
 */
import type { Dataset } from "../../dataset/dataset.ts";
import { readWhole } from "../../dataset/read.ts";
import { DatasetStream } from "../../dataset/stream.ts";
import type { CodedRequest } from "../../scoring/encode.ts";
import type { LabDataset } from "../lab/datasets.ts";

export class NamedDataset {
  /** The name of its folder. */
  readonly name: string;
  readonly dataset: Dataset;
  readonly #items: readonly (string | null)[];
  readonly #categories: readonly (string | null)[];
  /** [sequences] */
  readonly users: readonly string[];
  /** Catalogue rows, those with the most behaviours in the training part first. */
  readonly popular: readonly number[];

  private constructor(
    name: string,
    dataset: Dataset,
    items: readonly (string | null)[],
    categories: readonly (string | null)[],
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
      // The second item field is the category. In a dataset without one, every item is a category of its own.
      const categories = item.length > 1 ? await stream.vocabulary(item[1]) : items;
      return new NamedDataset(name, dataset, items, categories, await stream.userKeys());
    } finally {
      await stream.close();
    }
  }

  /** Id of a row's category. */
  categoryId(row: number): number {
    const { itemFields } = this.dataset;
    return itemFields.length > 1 ? itemFields[1][row] : row;
  }

  category(row: number): string {
    return this.#categories[this.categoryId(row)] ?? "unknown";
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
    const { test } = this.dataset;
    return {
      user: test.user.map((ids) => ids[sample]),
      context: test.context.map((ids) => ids[sample]),
      candidate,
      history: this.history(sample),
    };
  }
}
