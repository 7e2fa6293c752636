/** What a model must know of the dataset it was trained on: schema, vocabularies, catalogue. */
import type { Dataset } from "../data/dataset.ts";
import { loadItemKeys, loadVocabulary } from "../data/read.ts";
import type { RunConfig } from "./config.ts";
import type { ModelDescription } from "./model-folder.ts";

/** Gathers the description of a model of `dataset`, which was opened from `data`. */
export async function describeDataset(data: string, dataset: Dataset, config: RunConfig): Promise<ModelDescription> {
  const { schema, itemFields } = dataset;
  const vocabularies: Record<string, (string | null)[]> = {};
  for (const { name } of [...schema.user, ...schema.context]) vocabularies[name] = await loadVocabulary(data, name);
  const values = await loadItemKeys(data);
  return { schema, config, vocabularies, catalogue: { values, ids: itemFields } };
}
