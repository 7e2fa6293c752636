/** Whether a dataset folder is as it was written: its manifest, each file, every row. */
import { withDuckDB } from "../database/open.ts";
import { filesOf, MANIFEST_FILE } from "../dataset/layout.ts";
import { readManifest } from "../dataset/manifest.ts";
import { checkFolder } from "../dataset/scan.ts";
import { VerifiedFiles } from "../dataset/verified-files.ts";
import { type FileVerdict, judge, type Verification } from "./verified.ts";

/** Looks at all files of a dataset. Where the manifest is damaged, nothing says what the others should be. */
export async function verifyDataset(directory: string): Promise<Verification> {
  const verdicts: FileVerdict[] = [];
  const manifest = await judge(verdicts, MANIFEST_FILE, "seal, keys", () => readManifest(directory));
  if (manifest !== undefined) {
    const files = new VerifiedFiles(directory, manifest);
    const names = filesOf(manifest).map(({ name }) => name);
    for (const name of names) await judge(verdicts, name, "sha256", () => files.use(name, async () => undefined));
    if (verdicts.every(({ problem }) => problem === undefined)) {
      // What another program wrote may be what it says, and still no dataset.
      const rows: FileVerdict[] = [];
      await judge(rows, directory, "rows", () =>
        withDuckDB((connection) => checkFolder({ connection, directory, manifest, files }, () => undefined)),
      );
      verdicts.push(...rows.map((row) => ({ ...row, file: "every row" })));
    }
  }
  return { path: directory, kind: "dataset", files: verdicts };
}
