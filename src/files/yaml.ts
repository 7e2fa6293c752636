/** YAML of people and of this program, read in one way. */
import { createReadStream } from "node:fs";
import { parse } from "yaml";
import { fileError } from "./failures.ts";

/** The most characters of a document: far more than anybody writes, and less than would take minutes to read. */
const MOST_CHARACTERS = 2 ** 20;

/**
 * The value of a YAML document that is a tree: aliases may repeat a part, but none may stand inside of itself.
 * @throws Error whose message is one line that says what is wrong
 */
export function parseYaml(text: string): unknown {
  if (text.length > MOST_CHARACTERS) throw new Error(`it is longer than ${MOST_CHARACTERS} characters`);
  let value: unknown;
  try {
    value = parse(text, { logLevel: "error" });
    // Endless and very deep values end here, and not in whatever walks through them later.
    JSON.stringify(value);
  } catch (error) {
    throw new Error(reasonOf(error as Error), { cause: error });
  }
  return value;
}

/** The text of a document of people, of a longer one no more than `parseYaml` needs to refuse it: a device has no end. */
export async function readYamlText(path: string): Promise<string> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of createReadStream(path, { end: 4 * MOST_CHARACTERS })) pieces.push(piece);
  } catch (error) {
    throw fileError(error, "read", path);
  }
  return Buffer.concat(pieces).toString();
}

function reasonOf({ name, message }: Error): string {
  if (name === "RangeError") return "it is nested too deeply";
  if (name === "TypeError") return "a part of it contains itself";
  return message.split("\n", 1)[0].replace(/:$/, "");
}
