/** The datasets of an experiment, each with a name of its own. */
import { basename, resolve } from "node:path";
import type { Manifest } from "../../dataset/manifest.ts";
import { type Targets, withDataset } from "../../dataset/stream.ts";
import { failure } from "../../errors/failure.ts";
import { fingerprint } from "../../run/model-description.ts";

export interface LabDataset {
  /** The last part of the folder's path. */
  readonly name: string;
  /** The name in lower-case letters, digits and dashes, for parts of a report. */
  readonly slug: string;
  readonly folder: string;
  readonly fingerprint: string;
  readonly manifest: Manifest;
  /** Of the test samples. */
  readonly test: Targets;
}

/** Opens dataset folders. @throws UserError where one is no dataset, or two have one name */
export async function openDatasets(folders: readonly string[]): Promise<LabDataset[]> {
  const datasets: LabDataset[] = [];
  for (const folder of folders) {
    const name = basename(resolve(folder));
    const other = datasets.find((dataset) => dataset.name === name);
    if (other) throw failure("experiment.same-name", { path: folder, other: other.folder, name });
    const { manifest, test } = await withDataset(folder, async (dataset) => {
      return { manifest: dataset.manifest, test: await dataset.targets("test") };
    });
    datasets.push({
      name,
      slug: freeSlug(name, datasets),
      folder,
      fingerprint: fingerprint(manifest),
      manifest,
      test,
    });
  }
  return datasets;
}

/** The slug of a name; with a number behind it where another name comes to the same one. */
function freeSlug(name: string, others: readonly LabDataset[]): string {
  const slug =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "") || "data";
  const taken = new Set(others.map((other) => other.slug));
  if (!taken.has(slug)) return slug;
  for (let n = 2; ; n++) if (!taken.has(`${slug}-${n}`)) return `${slug}-${n}`;
}
