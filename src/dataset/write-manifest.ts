/** The last of a dataset folder that is written: its manifest, with what its files hold and the programs that made it. */
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { version as duckdbVersion } from "@duckdb/node-api";
import { digestFile } from "../files/digest.ts";
import { sealedJson } from "../files/sealed.ts";
import { filesOf, MANIFEST_FILE } from "./layout.ts";
import { DATASET_VERSION, type ImportedManifest, type Manifest, manifestSchema } from "./manifest.ts";

/** Writes the manifest of a folder whose other files are all there, and returns it. */
export async function writeManifest(folder: string, made: ImportedManifest): Promise<Manifest> {
  const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };
  const files: Manifest["files"] = {};
  for (const { name } of filesOf(made)) {
    const { bytes, sha256 } = await digestFile(join(folder, name));
    files[name] = { bytes, sha256 };
  }
  const manifest = manifestSchema.parse({
    ...{ format: "dien-dataset", version: DATASET_VERSION },
    ...made,
    files,
    versions: { dien: version, node: process.versions.node, duckdb: duckdbVersion() },
  } satisfies Manifest);
  await writeFile(join(folder, MANIFEST_FILE), sealedJson(manifest, 2));
  return manifest;
}
