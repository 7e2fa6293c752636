/** The head of a document of a run: what it is, and in which form. */
import { z } from "zod";
import { failure } from "../errors/failure.ts";

export interface DocumentHead {
  readonly format: string;
  readonly version: number;
}

/** @throws UserError where `value` is such a document of another version; what is no such document is left to its reader */
export function checkVersion(path: string, { format, version }: DocumentHead, value: unknown): void {
  const { data } = z.object({ format: z.literal(format), version: z.int() }).safeParse(value);
  if (data === undefined || data.version === version) return;
  throw failure("file.other-version", { path, expected: `${format} ${version}`, found: `version ${data.version}` });
}
