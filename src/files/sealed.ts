/**
 * Documents that carry a checksum of their own, so that a changed byte is found instead of taken for a value.
 *
 * JSON ends with a member `"sha256"`, YAML with a comment `# sha256: HEX`: the SHA-256 of all bytes before it, as they are,
 * so no canonical form is needed. The ends themselves have one form only. A seal finds damage and accident; whoever wants
 * to deceive can seal anything.
 */
import { readFile } from "node:fs/promises";
import { failure } from "../errors/failure.ts";
import { sha256 } from "./digest.ts";
import { fileError } from "./failures.ts";

/** What stands around the checksum, at the very end of a document. */
interface SealForm {
  readonly before: string;
  readonly after: string;
}

const JSON_SEAL: SealForm = { before: ',\n  "sha256": "', after: '"\n}\n' };
const YAML_SEAL: SealForm = { before: "# sha256: ", after: "\n" };

const HEX_DIGITS = 64;

/** A JSON document with its seal; `value` has a member at least. */
export function sealedJson(value: object, indent?: number): string {
  return seal(JSON.stringify(value, null, indent).replace(/\n?\}$/, ""), JSON_SEAL);
}

/** The checksum of a text that `sealedJson` made, as `readSealedJson` gives it. */
export function sealOf(text: string): string {
  return text.slice(-JSON_SEAL.after.length - HEX_DIGITS, -JSON_SEAL.after.length);
}

/** A YAML document, which ends with a line break, with its seal. */
export function sealedYaml(text: string): string {
  return seal(text, YAML_SEAL);
}

/**
 * The value of a sealed JSON document, and its checksum, which tells it from any other.
 * @param checkHead throws where the document is of another program or version. It is called where the seal fits, and where
 * there is none, for earlier versions had none
 * @throws UserError where the file cannot be read, or does not fit its seal
 */
export async function readSealedJson(
  path: string,
  checkHead: (value: unknown) => void = () => {},
): Promise<{ readonly value: unknown; readonly sha256: string }> {
  const { text, sha256, problem } = await readSealed(path, JSON_SEAL);
  const value = parseJson(problem === "unsealed" ? text : `${text}}`, path, problem);
  if (problem !== "changed") checkHead(value);
  if (problem !== undefined) throw damaged(path, problem);
  return { value, sha256 };
}

/** The text of a sealed YAML document. @throws UserError where the file cannot be read, or does not fit its seal */
export async function readSealedYaml(path: string): Promise<string> {
  const { text, problem } = await readSealed(path, YAML_SEAL);
  if (problem !== undefined) throw damaged(path, problem);
  return text;
}

type SealProblem = "unsealed" | "changed";

const PROBLEMS: Readonly<Record<SealProblem, string>> = {
  unsealed: "it does not end with its sha256: it was cut off, edited, or written by an earlier version",
  changed: "its contents do not fit its sha256: it was changed or damaged",
};

const damaged = (path: string, problem: SealProblem) => failure("file.damaged", { path, problem: PROBLEMS[problem] });

function seal(text: string, { before, after }: SealForm): string {
  return `${text}${before}${sha256(Buffer.from(text))}${after}`;
}

/** What stands before the seal, or everything where there is none, and its checksum. */
async function readSealed(
  path: string,
  { before, after }: SealForm,
): Promise<{ text: string; sha256: string; problem?: SealProblem }> {
  const bytes = await readFile(path).catch((error) => {
    throw fileError(error, "read", path);
  });
  const end = Math.max(0, bytes.length - before.length - HEX_DIGITS - after.length);
  const sum = sha256(bytes.subarray(0, end));
  const tail = bytes.toString("latin1", end);
  const text = bytes.toString("utf8", 0, end);
  if (tail === `${before}${sum}${after}`) return { text, sha256: sum };
  const hasForm = tail.startsWith(before) && tail.endsWith(after);
  return hasForm
    ? { text, sha256: sum, problem: "changed" }
    : { text: bytes.toString(), sha256: sum, problem: "unsealed" };
}

function parseJson(text: string, path: string, problem: SealProblem | undefined): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(path, problem ?? "changed");
  }
}
