/** What a command left on the disk, in a form in which two outcomes are equal or not. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** All files below a folder with their SHA-256. What a clock decides is left out. */
export type Contents = Readonly<Record<string, string>>;

/** The content of files that hold seconds is not compared, beyond what `withoutClock` keeps of it. */
const CLOCKED = /(^|\/)(state\.safetensors|report\.html|[a-z0-9-]+\.(svg|csv|md|sh))$/;
const JSON_FILE = /\.json$/;
const SECONDS = ["seconds", "loading_seconds", "samples_per_s", "sha256", "generated"];

export function contentsOf(folder: string): Contents {
  if (!existsSync(folder)) return {};
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => {
    return statSync(join(folder, name)).isFile();
  });
  return Object.fromEntries(files.sort().map((name) => [name, digest(name, readFileSync(join(folder, name)))]));
}

function digest(name: string, bytes: Buffer): string {
  if (CLOCKED.test(name)) return "there";
  const content = JSON_FILE.test(name) ? withoutClock(bytes.toString()) : bytes;
  return createHash("sha256").update(content).digest("hex");
}

/** A JSON document without what a clock decides; a broken one as it stands. */
function withoutClock(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text, (key, value) => (SECONDS.includes(key) ? undefined : value)));
  } catch {
    return text;
  }
}

/**
 * What lies in a folder, at any depth, that is no finished work: what is written aside, and locks with who held them. Two
 * looks at the same leftover are equal.
 */
export function unfinishedIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const isLock = (name: string) => /(^|[/.])lock$/.test(name);
  return names
    .filter((name) => isLock(name) || /\.(tmp|old)-[0-9a-f]+$/.test(name))
    .map((name) => (isLock(name) ? `${name} of ${readFileSync(join(folder, name), "utf8").trim()}` : name));
}

/** The first difference between two folders; undefined where there is none. */
export function difference(found: Contents, expected: Contents): string | undefined {
  for (const name of new Set([...Object.keys(found), ...Object.keys(expected)])) {
    if (found[name] === expected[name]) continue;
    if (found[name] === undefined) return `${name} is missing`;
    if (expected[name] === undefined) return `${name} should not be there`;
    return `${name} has another content`;
  }
  return undefined;
}
