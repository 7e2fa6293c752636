/**
 * A trained model on disk, all that scoring needs:
 *
 *   model.json             schema, configuration, transforms, vocabularies, catalogue: written once, when the run begins
 *   weights.safetensors    the weights of the best epoch so far
 */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { listShapeSchema, offsetSchema, timeFormatSchema, transformSchema } from "../dataset/transform.ts";
import { failure } from "../errors/failure.ts";
import { isNumber } from "../features/schema.ts";
import { writeFileAside } from "../files/aside.ts";
import { makeFolder } from "../files/plain.ts";
import { readSealedJson, sealedJson, sealOf } from "../files/sealed.ts";
import { historyLength } from "../options/pieces.ts";
import { whatIsWrong } from "../options/problems.ts";
import { NO_ID, widthOf } from "../tensor/arrays.ts";
import { differingKey, type RunConfig, resolveStoredConfig } from "./config.ts";
import { checkVersion } from "./format-version.ts";
import type { ModelDescription } from "./model-description.ts";
import { runFiles } from "./run-folder.ts";
import { warmStartSchema } from "./warm-start.ts";

/**
 * Since version 3 the document is sealed; since version 4 fields may be lists, or numbers, which have no ids, and times may
 * have a format. What is optional came later.
 */
const HEADER = { format: "dien-model", version: 4 } as const;

const fields = z.array(z.object({ name: z.string(), size: z.int().min(0), list: listShapeSchema.exactOptional() }));

const modelSchema = z.object({
  format: z.literal(HEADER.format),
  version: z.literal(HEADER.version),
  schema: z.object({ user: fields, item: fields.min(1), context: fields, maxHistory: historyLength }),
  config: z.unknown(),
  from: warmStartSchema.exactOptional(),
  /** SHA-256 of the manifest of the dataset that the run trains on. */
  dataset: z.string(),
  /** As in the dataset's manifest: how histories are cut, and how naive times and raw values are read. */
  window: z.int().positive().nullable(),
  utcOffset: offsetSchema,
  timeFormat: timeFormatSchema,
  /** As in the manifest, of those that have them: which posted events are behaviours, and whose. */
  behaviourTypes: z.array(z.string()).min(1).exactOptional(),
  userKey: z.string().exactOptional(),
  /** Per field. */
  transforms: z.record(z.string(), transformSchema),
  /** Per field: the category of id i at place i; place 0 is the unknown. */
  vocabularies: z.record(z.string(), z.array(z.string().nullable())),
  /**
   * The items by catalogue row, row 0 the unknown: their keys (empty where an item has none), and per item field the vocabulary
   * ids; of a number the number, of lists as many ids as the longest has, -1 in the places behind the last.
   */
  catalogue: z.object({ values: z.array(z.string().nullable()), ids: z.array(z.array(z.number())) }),
});

/** A description as it lies in a run. */
export interface StoredModel extends ModelDescription {
  /** The seal of model.json. The run's weights and checkpoint name it, so that none of them is taken for another run's. */
  readonly sha256: string;
}

/** Writes model.json of a run; returns its seal. */
export async function writeModelDescription(run: string, description: ModelDescription): Promise<string> {
  await makeFolder(dirname(runFiles(run).model));
  const text = sealedJson({ ...HEADER, ...description });
  await writeFileAside(runFiles(run).model, text);
  return sealOf(text);
}

/** Reads model.json of a run. @throws UserError where it is absent or damaged */
export async function readModelDescription(run: string): Promise<StoredModel> {
  const { model } = runFiles(run);
  if (!existsSync(model)) {
    throw failure("run.lacks", { path: run, what: "trained model", reason: "there is no model/model.json" });
  }
  const { value, sha256 } = await readSealedJson(model, (value) => checkVersion(model, HEADER, value));
  const parsed = modelSchema.safeParse(value);
  if (!parsed.success) {
    throw failure("file.damaged", { path: model, problem: whatIsWrong(modelSchema, value) });
  }
  const description = { ...parsed.data, sha256, config: resolveStoredConfig(parsed.data.config, model) };
  const disagreement = findDisagreement(description);
  if (disagreement) throw failure("file.damaged", { path: model, problem: disagreement });
  return description;
}

/** As `readModelDescription`. @throws UserError also where `config`, that of config.yaml, is another than the model's */
export async function readModelOf(run: string, config: RunConfig): Promise<StoredModel> {
  const model = await readModelDescription(run);
  const key = differingKey(config, model.config);
  if (key === undefined) return model;
  const files = runFiles(run);
  throw failure("file.damaged", { path: files.config, problem: `it has another '${key}' than ${files.model}` });
}

/** What of a description does not fit together: ids must lie within the tables that they will be looked up in. */
function findDisagreement({ schema, transforms, vocabularies, catalogue }: ModelDescription): string | undefined {
  for (const field of [...schema.user, ...schema.item, ...schema.context]) {
    const { name, size, list } = field;
    const found = vocabularies[name]?.length;
    if (found !== size) return `field ${name} has ${size} ids, and ${found} values`;
    const kind = transforms[name]?.kind;
    if (kind === undefined) return `field ${name} has no transform`;
    if (isNumber(field) !== (kind === "value")) return `field ${name} is of kind ${kind} and has ${size} ids`;
    if ((list !== undefined) !== (kind === "list"))
      return `field ${name} is of kind ${kind}, and ${list ? "a" : "no"} list`;
  }
  if (catalogue.ids.length !== schema.item.length)
    return `${schema.item.length} item fields, ${catalogue.ids.length} of ids`;
  for (const [f, field] of schema.item.entries()) {
    const { name, size } = field;
    const ids = catalogue.ids[f];
    const width = widthOf(field);
    if (ids.length !== catalogue.values.length * width)
      return `${catalogue.values.length} items, ${ids.length / width} ids of ${name}`;
    if (isNumber(field)) continue;
    const wrong = ids.find((id, i) => !Number.isInteger(id) || id < (i % width === 0 ? 0 : NO_ID) || id >= size);
    if (wrong !== undefined) return `${name} has ${size} ids, and an item with id ${wrong}`;
  }
  return undefined;
}
