/**
 * dataset.json: what a dataset folder holds and where it came from (docs/data-format.md).
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { failure, isFailure } from "../errors/failure.ts";
import { FIELD_KINDS, type Field, type FieldKind, type Schema } from "../features/schema.ts";
import { readSealedJson } from "../files/sealed.ts";
import { historyLength } from "../options/pieces.ts";
import { whatIsWrong } from "../options/problems.ts";
import { filesOf, MANIFEST_FILE, RESERVED } from "./layout.ts";
import { listShapeSchema, offsetSchema, readsTime, timeFormatSchema, transformSchema } from "./transform.ts";

/** Raised whenever a reader of the older version would misread the folder. */
export const DATASET_VERSION = 4;

/** Protocols that make positives of behaviours and sample their negatives (docs/data-format.md). */
export const PROTOCOLS = ["paper", "temporal"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** Whether a dataset's negatives are drawn, one for each positive, and no impressions: then no rate of clicks is real. */
export function drawsNegatives({ protocol }: Pick<Manifest, "protocol">): boolean {
  return ["target", ...PROTOCOLS].includes(protocol);
}

/** Rows are counted by 32-bit integers in memory. */
const count = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);

/**
 * `size` counts the unknown id 0, and is 0 of numbers, which have no ids; `values` the distinct known values in the whole data,
 * seen in training or not; `transform` makes a raw value the categories that the vocabulary knows, or a number; `list` is
 * there of lists.
 */
const field = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9_]*$/),
    size: count,
    values: count,
    transform: transformSchema,
    list: listShapeSchema.exactOptional(),
  })
  .superRefine(({ size, transform, list }, context) => {
    const refuse = (key: string, message: string) => context.addIssue({ code: "custom", path: [key], message });
    if ((size === 0) !== (transform.kind === "value"))
      refuse("size", "expected 0 of numbers, and more of other fields");
    if ((list !== undefined) !== (transform.kind === "list"))
      refuse("list", "expected of lists, and of no other field");
  });

/**
 * What is wrong with the names of fields: they become names of columns and files, so each is used once, and none is taken
 * already.
 */
export function nameProblem(
  kinds: {
    readonly [kind in FieldKind]: readonly { readonly name: string }[];
  },
): { readonly kind: FieldKind; readonly index: number; readonly message: string } | undefined {
  const seen = new Set<string>();
  for (const kind of FIELD_KINDS) {
    for (const [index, { name }] of kinds[kind].entries()) {
      if (seen.has(name) || RESERVED[kind].includes(name))
        return { kind, index, message: `${name}: the name is taken` };
      seen.add(name);
    }
  }
  return undefined;
}

const fields = z
  .strictObject({ user: z.array(field), item: z.array(field).min(1), context: z.array(field) })
  .superRefine((kinds, context) => {
    for (const [index, { transform }] of kinds.item.entries()) {
      if (!readsTime(transform)) continue;
      context.addIssue({ code: "custom", path: ["item", index, "transform"], message: "an item has no time" });
    }
    if (kinds.item[0].size === 0 || kinds.item[0].list !== undefined) {
      context.addIssue({ code: "custom", path: ["item", 0], message: "the first is the item's own id" });
    }
    const problem = nameProblem(kinds);
    if (problem === undefined) return;
    const { kind, index, message } = problem;
    context.addIssue({ code: "custom", path: [kind, index, "name"], message });
  });

/** Of bytes, and of rows that were left out: logs are larger than what is held in memory. */
const amount = z.int().min(0);
const contents = { bytes: amount, sha256: z.string().regex(/^[0-9a-f]{64}$/) };
const meanWeight = z.number().positive();
const inputFile = z.strictObject({ name: z.string(), ...contents });
export type InputFile = z.infer<typeof inputFile>;

const manifestKeys = z.strictObject({
  format: z.literal("dien-dataset"),
  version: z.literal(DATASET_VERSION),
  importer: z.string(),
  protocol: z.string(),
  seed: z.int(),
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  maxHistory: historyLength,
  /** Milliseconds before the impression that histories go back at most; null, to the beginning. */
  window: z.int().positive().nullable(),
  /** Minutes east of UTC of times that name no offset. */
  utcOffset: offsetSchema,
  timeFormat: timeFormatSchema,
  /** The types that behaviours have, where the log has others; without it, whatever type. */
  behaviourTypes: z.array(z.string()).min(1).exactOptional(),
  /** The log says of which type each behaviour is, and this dataset does not. */
  typesLost: z.literal(true).exactOptional(),
  /** The user field that is the users' own key, where one is. */
  userKey: z.string().exactOptional(),
  /** `row`: times are the places of rows in a log that has none. */
  clock: z.enum(["time", "row"]),
  fields,
  /** Whether behaviours have unclicked impressions: negatives of the auxiliary loss. */
  unclicked: z.boolean(),
  /** Whether rows of the log brought their histories, which have no times. */
  givenHistories: z.boolean(),
  /** Whether samples carry the true click probability (synthetic data). */
  probability: z.boolean(),
  /** Where samples have weights: their mean in each split. */
  meanWeight: z.strictObject({ train: meanWeight, valid: meanWeight, test: meanWeight }).optional(),
  /** Synthetic data only: AUC of the true click probability on the test samples. */
  ceilingAuc: z.number().optional(),
  counts: z.strictObject({
    users: count,
    /** Segments of the users: one each, and more of those with many behaviours. */
    sequences: count,
    /** Catalogue rows without row 0, the unknown item. */
    items: count,
    behaviours: count,
    /** Behaviours that vocabularies and popularity were learned from. */
    trainingBehaviours: count,
    train: count,
    valid: count,
    test: count,
  }),
  dropped: z.record(z.string(), amount),
  inputs: z.array(inputFile),
  /** What every other file of the folder holds, by its path in it. */
  files: z.record(z.string(), z.strictObject(contents)),
  versions: z.strictObject({ dien: z.string(), node: z.string(), duckdb: z.string() }),
});

/** What an importer says of a dataset, before there are files. */
export const importedSchema = manifestKeys.omit({ format: true, version: true, files: true, versions: true });
export type ImportedManifest = z.infer<typeof importedSchema>;

export const manifestSchema = manifestKeys.superRefine((manifest, context) => {
  const { userKey, fields } = manifest;
  if (userKey !== undefined && !fields.user.some(({ name }) => name === userKey)) {
    context.addIssue({ code: "custom", path: ["userKey"], message: "expected the name of a user field" });
  }
  for (const { name } of filesOf(manifest)) {
    if (Object.hasOwn(manifest.files, name)) continue;
    context.addIssue({ code: "custom", path: ["files"], message: `lacks ${name}` });
  }
});
export type Manifest = z.infer<typeof manifestSchema>;

/** The fields and history length that models are built from. */
export function schemaOf(manifest: Manifest): Schema {
  const fields = (all: Manifest["fields"]["user"]) =>
    all.map(({ name, size, list }): Field => ({ name, size, ...(list && { list }) }));
  const { user, item, context } = manifest.fields;
  return { user: fields(user), item: fields(item), context: fields(context), maxHistory: manifest.maxHistory };
}

/**
 * Reads and checks the manifest of a dataset folder.
 * @throws UserError where `directory` is no dataset, or one of another version, or its manifest is damaged.
 */
export async function readManifest(directory: string): Promise<Manifest> {
  const path = join(directory, MANIFEST_FILE);
  const absent = (reason: string) => failure("dataset.absent", { path: directory, reason });
  const found = await stat(directory).catch(() => null);
  if (found === null) throw absent("there is no such folder");
  if (!found.isDirectory()) throw absent("it is no folder");
  const checkHead = (value: unknown) => {
    const { data } = z.object({ format: z.literal("dien-dataset"), version: z.number() }).safeParse(value);
    if (data === undefined) throw absent(`its ${MANIFEST_FILE} is of some other program`);
    if (data.version === DATASET_VERSION) return;
    throw failure("dataset.wrong-version", { path, expected: DATASET_VERSION, found: data.version });
  };
  const { value } = await readSealedJson(path, checkHead).catch((error: unknown) => {
    throw isFailure(error, "file.absent") ? absent(`it holds no ${MANIFEST_FILE}`) : error;
  });
  const manifest = manifestSchema.safeParse(value);
  if (!manifest.success) throw failure("file.damaged", { path, problem: whatIsWrong(manifestSchema, value) });
  return manifest.data;
}

/** Whether two manifests are of the same data, to the last byte of each file. */
export function areSame(a: Manifest, b: Manifest): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What every `dien prepare` reports: what is in the data, and how many samples were made of it. */
export interface PreparedCounts {
  readonly users: number;
  readonly items: number;
  readonly train: number;
  readonly valid: number;
  readonly test: number;
}

export function preparedCounts({ counts }: Manifest): PreparedCounts {
  const { users, items, train, valid, test } = counts;
  return { users, items, train, valid, test };
}
