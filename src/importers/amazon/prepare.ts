/**
 * Amazon review dumps to a dataset: user {user}, item {item, category}, every review a behaviour, as in the paper
 * (section 4.1). What becomes of duplicates, broken lines and so on is in docs/data-format.md.
 */
import type { z } from "zod";
import type { OnProgress } from "../../dataset/dataset.ts";
import { writeAside } from "../../dataset/folder.ts";
import { type PreparedCounts, preparedCounts } from "../../dataset/manifest.ts";
import { writeDatasetFiles } from "../../dataset/write.ts";
import { failure } from "../../errors/failure.ts";
import { checkListener, checkOptions } from "../../options/problems.ts";
import { behaviourSequences } from "../behaviours.ts";
import { sampleBehaviours } from "../protocols.ts";
import { readMetadata, readReviews, type Unusable } from "./dump.ts";
import { amazonOptions, type PrepareAmazonOptions } from "./options.ts";

/** What was prepared: counts of what is in the data, of samples, and of what was left out, by reason. */
export interface PrepareSummary extends PreparedCounts {
  readonly categories: number;
  readonly seconds: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** Few categories found; the first few unusable lines of each file. */
  readonly warnings: readonly string[];
}

/**
 * Prepares a dataset of two dumps. Nothing is written before both were read to their end.
 * @throws UserError where an option or a dump cannot be used, the dumps are not of the same items, the reviews leave
 * nothing to train on, or `out` cannot be written.
 */
export async function prepareAmazon(options: PrepareAmazonOptions, onProgress?: OnProgress): Promise<PrepareSummary> {
  checkListener("prepareAmazon", onProgress);
  const checked = checkOptions("prepareAmazon", amazonOptions, options);
  return await writeAside(checked.out, (folder) => prepareInto(folder, checked, onProgress));
}

async function prepareInto(
  folder: string,
  { protocol, negatives, seed, maxHistory, ...paths }: z.output<typeof amazonOptions>,
  onProgress: OnProgress | undefined,
): Promise<PrepareSummary> {
  const start = performance.now();
  const stage = (name: string) => (done: number, total: number | undefined) => onProgress?.(name, done, total);
  const reviews = await readReviews(paths.reviews, stage("reviews"));
  const sequences = await behaviourSequences(reviews);
  const { users, catalogue, offsets, items, times } = sequences;
  const metadata = await readMetadata(
    paths.meta,
    new Set(catalogue.filter((asin) => asin !== null)),
    stage("metadata"),
  );
  const categories = catalogue.map((asin) => (asin === null ? null : (metadata.categories.get(asin) ?? null)));
  const how = { protocol, negatives, seed, maxHistory };
  const { training, samples, returns } = await sampleBehaviours(sequences, how);
  if (samples.train.sequence.length === 0) {
    throw failure("source.nothing-to-train", { source: paths.reviews, users: users.length, protocol });
  }
  // Row 0, the unknown item, is no item.
  const itemCount = catalogue.length - 1;
  const categorised = metadata.categories.size;
  if (categorised === 0) {
    throw failure("source.no-categories", { source: paths.meta, items: itemCount, reviews: paths.reviews });
  }
  const dropped = {
    brokenReviews: reviews.broken,
    incompleteReviews: reviews.incomplete,
    duplicateReviews: sequences.duplicates,
    usersWithOneReview: sequences.usersWithOne,
    brokenMetadata: metadata.broken,
    incompleteMetadata: metadata.incomplete,
    itemsWithoutCategory: itemCount - categorised,
    ...(returns > 0 && { returnsWithoutNegative: returns }),
  };
  const manifest = await writeDatasetFiles(
    folder,
    {
      importer: "amazon",
      protocol,
      seed,
      settings: { negatives },
      inputs: [reviews.file, metadata.file],
      dropped,
      maxHistory,
      users,
      offsets,
      items,
      times,
      training,
      userFields: [{ name: "user", values: users }],
      itemFields: [
        { name: "item", values: catalogue },
        { name: "category", values: categories },
      ],
      contextFields: [],
      samples,
    },
    onProgress,
  );
  const examplesOf = (path: string, { examples }: Unusable) => examples.map((line) => `${path}, ${line}`);
  const few = `${paths.meta} has a category for only ${categorised} of the ${itemCount} items of ${paths.reviews}`;
  return {
    ...preparedCounts(manifest),
    categories: manifest.fields.item[1].values,
    seconds: (performance.now() - start) / 1000,
    dropped,
    warnings: [
      ...(2 * categorised < itemCount ? [few] : []),
      ...examplesOf(paths.reviews, reviews),
      ...examplesOf(paths.meta, metadata),
    ],
  };
}
