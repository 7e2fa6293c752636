/** A dataset's samples, items and users as people know them: values instead of rows and ids. In memory as a whole. */
import type { Dataset } from "../dataset/dataset.ts";
import { loadItemKeys, loadUserKeys, loadVocabulary, openDataset } from "../dataset/read.ts";
import type { CodedRequest } from "../scoring/encode.ts";
import type { LabDataset } from "./datasets.ts";

export class Catalogue {
  readonly dataset: Dataset;
  readonly #items: readonly (string | null)[];
  readonly #categories: readonly (string | null)[];
  /** [sequences] */
  readonly users: readonly string[];
  /** Catalogue rows by falling number of behaviours in the training part. */
  readonly popular: readonly number[];

  private constructor(
    dataset: Dataset,
    items: readonly (string | null)[],
    categories: readonly (string | null)[],
    users: readonly string[],
  ) {
    this.dataset = dataset;
    this.#items = items;
    this.#categories = categories;
    this.users = users;
    const counts = new Map<number, number>();
    for (const row of dataset.popularity) counts.set(row, (counts.get(row) ?? 0) + 1);
    this.popular = [...counts].sort(([a, m], [b, n]) => n - m || a - b).map(([row]) => row);
  }

  static async open({ folder }: LabDataset): Promise<Catalogue> {
    const dataset = await openDataset(folder);
    const { item } = dataset.schema;
    const items = await loadItemKeys(folder);
    // The second item field is what items have in common, the category; where there is none, every item is its own.
    const categories = item.length > 1 ? await loadVocabulary(folder, item[1].name) : items;
    return new Catalogue(dataset, items, categories, await loadUserKeys(folder));
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

  /** A test sample as a request, with `candidate` (a catalogue row) in the place of its own. */
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
