/** All that commands print goes through `src/cli/output.ts`, which lets no control character of others' data through. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

/** What writes to a stream of the process, or to one that a command was given. */
const WRITES =
  /\b(?:stdout|stderr|stream|console)\s*(?:\)|!)?\.(?:write|end|log|info|warn|error)\(|\bprocess\.(?:stdout|stderr)\b/g;

const ALLOWED: Readonly<Record<string, number>> = {
  "cli/output.ts": 4,
};

it("no other source writes to a stream of the terminal", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const found = files.map(
    (file) => [file, readFileSync(join("src", file), "utf8").match(WRITES)?.length ?? 0] as const,
  );
  expect(Object.fromEntries(found.filter(([, count]) => count > 0))).toEqual(ALLOWED);
});

it.each(["context.stderr.write(x)", "this.#stream.write(x)", "console.log(x)", "process.stdout.on(x)"])(
  "%s would be found",
  (source) => {
    expect(source.match(WRITES)).not.toBeNull();
  },
);
