/** What a model must know of the dataset it was trained on, so that raw values become the ids that it learned. */
import type { Manifest } from "../dataset/manifest.ts";
import type { DatasetStream } from "../dataset/stream.ts";
import type { Transform } from "../dataset/transform.ts";
import type { Schema } from "../features/schema.ts";
import { sha256 } from "../files/digest.ts";
import type { RunConfig } from "./config.ts";
import type { WarmStart } from "./warm-start.ts";

export interface ModelDescription {
  readonly schema: Schema;
  readonly config: RunConfig;
  /** Of a run that went on from another one's model. */
  readonly from?: WarmStart;
  /** Fingerprint of the dataset. */
  readonly dataset: string;
  /** Milliseconds that histories reach back, null where they are whole. */
  readonly window: number | null;
  /** Minutes that naive times are ahead of UTC. */
  readonly utcOffset: number;
  /** How the log writes times; null where it does as everywhere. */
  readonly timeFormat: string | null;
  /** The types that behaviours have, where the log has others; without it, whatever type. */
  readonly behaviourTypes?: readonly string[];
  /** The user field that is the users' own key, where one is. */
  readonly userKey?: string;
  /** Per field. */
  readonly transforms: Readonly<Record<string, Transform>>;
  /** Per field: the category of id i at place i; place 0 is the unknown. */
  readonly vocabularies: Readonly<Record<string, readonly (string | null)[]>>;
  /** Per row of the catalogue, row 0 the unknown: the item's key, and per item field what stands there (see `ItemCatalogue`). */
  readonly catalogue: { readonly values: readonly (string | null)[]; readonly ids: readonly (readonly number[])[] };
}

/** Tells datasets apart: SHA-256 of the manifest, which holds those of the inputs. */
export function fingerprint(manifest: Manifest): string {
  return sha256(JSON.stringify(manifest));
}

/** The description of a model that is trained on `dataset`. */
export async function describeModel(dataset: DatasetStream, config: RunConfig): Promise<ModelDescription> {
  const { schema, itemFields, manifest } = dataset;
  const { fields, window, utcOffset, timeFormat, behaviourTypes, userKey } = manifest;
  const vocabularies: Record<string, (string | null)[]> = {};
  const transforms: Record<string, Transform> = {};
  for (const field of [...fields.user, ...fields.item, ...fields.context]) {
    vocabularies[field.name] = await dataset.vocabulary(field);
    transforms[field.name] = field.transform;
  }
  const values = await dataset.itemKeys();
  const catalogue = { values, ids: itemFields.map((cells) => Array.from(cells)) };
  const times = { window, utcOffset, timeFormat };
  const log = { ...(behaviourTypes && { behaviourTypes }), ...(userKey !== undefined && { userKey }) };
  return { schema, config, dataset: fingerprint(manifest), ...times, ...log, transforms, vocabularies, catalogue };
}

/** Whether ids mean the same to both models: fields, transforms, vocabularies and catalogue are equal. */
export function haveSameIds(a: ModelDescription, b: ModelDescription): boolean {
  const text = ({ schema, transforms, vocabularies, catalogue }: ModelDescription) =>
    JSON.stringify([schema, transforms, vocabularies, catalogue.values, catalogue.ids]);
  return text(a) === text(b);
}
