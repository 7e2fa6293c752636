/** Changes a sealed document as its writer would have: the seal is made anew. */
import { readFileSync, writeFileSync } from "node:fs";
import { sealedJson } from "../../src/files/sealed.ts";

/** What a sealed document holds, without its seal. */
// biome-ignore lint/suspicious/noExplicitAny: a test edits JSON that is meant to be wrong
export function readUnsealed(path: string): any {
  const { sha256: _, ...value } = JSON.parse(readFileSync(path, "utf8"));
  return value;
}

// biome-ignore lint/suspicious/noExplicitAny: as above
export function editSealed(path: string, change: (value: any) => unknown): void {
  writeFileSync(path, sealedJson(change(readUnsealed(path)) as object));
}
