/** The last of a dataset folder that is written: its manifest, and the programs that made it. */
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { version as duckdbVersion } from "@duckdb/node-api";
import { MANIFEST_FILE } from "./layout.ts";
import { DATASET_VERSION, type Manifest, manifestSchema } from "./manifest.ts";

/** A manifest of this format, made by this program. */
export function completeManifest(made: Omit<Manifest, "format" | "version" | "versions">): Manifest {
  const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };
  const head = { format: "dien-dataset", version: DATASET_VERSION } as const;
  const versions = { dien: version, node: process.versions.node, duckdb: duckdbVersion() };
  return manifestSchema.parse({ ...head, ...made, versions } satisfies Manifest);
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFile(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
}
