/** What a model must know of the dataset it was trained on: schema, transforms, vocabularies, catalogue. */
import { createHash } from "node:crypto";
import type { Manifest } from "../dataset/manifest.ts";
import { loadItemKeys, loadVocabulary } from "../dataset/read.ts";
import type { DatasetStream } from "../dataset/stream.ts";
import type { Transform } from "../dataset/transform.ts";
import type { RunConfig } from "./config.ts";
import type { ModelDescription } from "./model-folder.ts";

/** Tells datasets apart: SHA-256 of the manifest, which holds those of the inputs. */
export function fingerprint(manifest: Manifest): string {
  return createHash("sha256").update(JSON.stringify(manifest)).digest("hex");
}

/** Gathers the description of a model of `dataset`. */
export async function describeDataset(dataset: DatasetStream, config: RunConfig): Promise<ModelDescription> {
  const { directory: data, schema, itemFields, manifest } = dataset;
  const { fields, window, utcOffset } = manifest;
  const vocabularies: Record<string, (string | null)[]> = {};
  const transforms: Record<string, Transform> = {};
  for (const { name, transform } of [...fields.user, ...fields.item, ...fields.context]) {
    vocabularies[name] = await loadVocabulary(data, name);
    transforms[name] = transform;
  }
  const values = await loadItemKeys(data);
  const catalogue = { values, ids: itemFields.map((ids) => Array.from(ids)) };
  return { schema, config, dataset: fingerprint(manifest), window, utcOffset, transforms, vocabularies, catalogue };
}
