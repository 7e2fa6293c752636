/**
 * Amazon review dumps to a dataset: user {user}, item {item, category}, every review a behaviour, as in the paper
 * (section 4.1). What becomes of duplicates, broken lines and so on is said in docs/data-format.md.
 */
import { UserError } from "../../errors.ts";
import { behaviourSequences } from "../behaviours.ts";
import { checkReplaceable } from "../folder.ts";
import { type Negatives, type Protocol, SAMPLING_DEFAULTS, sampleBehaviours } from "../protocols.ts";
import { writeDataset } from "../write.ts";
import { readMetadata, readReviews, type Unusable } from "./dump.ts";

export interface PrepareAmazonOptions {
  /** The review dump, gzipped or not. */
  readonly reviews: string;
  /** The metadata dump. */
  readonly meta: string;
  /** The dataset folder to write; a dataset that is there is replaced. */
  readonly out: string;
  /** How samples are made of behaviours, and split; see `Protocol`. */
  readonly protocol?: Protocol;
  /** Which items may be a sample's negative; see `Negatives`. */
  readonly negatives?: Negatives;
  readonly seed?: number;
  /** Histories keep the latest this many behaviours. */
  readonly maxHistory?: number;
}

/** What was prepared: counts of what is in the data, of samples, and of what was left out, by reason. */
export interface PrepareSummary {
  readonly users: number;
  readonly items: number;
  readonly categories: number;
  readonly train: number;
  readonly valid: number;
  readonly test: number;
  readonly seconds: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** The first few unusable lines of each file. */
  readonly warnings: readonly string[];
}

/** `total` is undefined where it is not known beforehand. */
export type OnProgress = (stage: string, done: number, total: number | undefined) => void;

/**
 * Prepares a dataset of two dumps. Nothing is written before both were read to their end.
 * @throws UserError where a dump cannot be used, leaves nothing to train on, or `out` cannot be written.
 */
export async function prepareAmazon(options: PrepareAmazonOptions, onProgress?: OnProgress): Promise<PrepareSummary> {
  const start = performance.now();
  const { protocol, negatives, seed, maxHistory } = { ...SAMPLING_DEFAULTS, ...options };
  const stage = (name: string) => (done: number, total: number) => onProgress?.(name, done, total);
  await checkReplaceable(options.out);
  const reviews = await readReviews(options.reviews, stage("reviews"));
  const sequences = behaviourSequences(reviews);
  const { users, catalogue, offsets, items, times } = sequences;
  const metadata = await readMetadata(
    options.meta,
    new Set(catalogue.filter((asin) => asin !== null)),
    stage("metadata"),
  );
  const categories = catalogue.map((asin) => (asin === null ? null : (metadata.categories.get(asin) ?? null)));
  const { training, samples } = sampleBehaviours(sequences, protocol, negatives, seed);
  if (samples.train.sequence.length === 0) {
    throw new UserError(
      `${options.reviews} leaves nothing to train on: ${users.length} users with two reviews or more, protocol ${protocol}`,
    );
  }
  const dropped = {
    brokenReviews: reviews.broken,
    incompleteReviews: reviews.incomplete,
    duplicateReviews: sequences.duplicates,
    usersWithOneReview: sequences.usersWithOne,
    brokenMetadata: metadata.broken,
    incompleteMetadata: metadata.incomplete,
    // Row 0, the unknown item, is no item.
    itemsWithoutCategory: categories.filter((category) => category === null).length - 1,
  };
  const manifest = await writeDataset(
    options.out,
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
  const { counts, fields } = manifest;
  const told = (path: string, { told }: Unusable) => told.map((line) => `${path}, ${line}`);
  return {
    users: counts.sequences,
    items: counts.items,
    categories: fields.item[1].values,
    train: counts.train,
    valid: counts.valid,
    test: counts.test,
    seconds: (performance.now() - start) / 1000,
    dropped,
    warnings: [...told(options.reviews, reviews), ...told(options.meta, metadata)],
  };
}
