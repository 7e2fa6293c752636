/** The catalogue of errors is whole, each of its messages says what it must, and all errors for users come from it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hints } from "../../src/cli/hints.ts";
import { type Code, codes, entryOf } from "../../src/errors/catalogue/catalogue.ts";
import type { Status } from "../../src/errors/entry.ts";
import { failure, isFailure, noted, revived, UserError, within } from "../../src/errors/failure.ts";
import { samples } from "./error-samples.ts";

/** Values that say where a mistake is. */
const PLACES = ["option", "path", "field", "name", "key", "keys", "source", "epoch", "engine", "dataset"];

const STATUSES: readonly Status[] = [400, 401, 404, 405, 408, 409, 413, 415, 421, 422, 431, 500, 503, 504, 507];

const subjects = readdirSync("src/errors/catalogue").filter((file) => file !== "catalogue.ts");

const messages = codes.flatMap((code) =>
  samples[code].map((values) => ({ code, values: values as object, message: failure(code, values).message })),
);

/** The sources by their path in src/. */
function sources(): Map<string, string> {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return new Map(files.map((file) => [file, readFileSync(join("src", file), "utf8")]));
}

/** A value as a message contains it: a list by its members; of true and false there is no telling. */
function texts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(texts);
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(texts);
  return value === undefined || typeof value === "boolean" ? [] : [String(value)];
}

describe("the catalogue", () => {
  it("has every entry that its files define, each once", () => {
    const defined = subjects.flatMap((file) => {
      const source = readFileSync(join("src/errors/catalogue", file), "utf8");
      return [...source.matchAll(/^ {2}"([^"]+)": \{$/gm)].map((match) => match[1]);
    });
    expect(defined.length).toBeGreaterThan(5);
    expect([...defined].sort()).toEqual([...codes].sort());
  });

  it("names codes by subject and kind", () => {
    for (const code of codes) expect(code).toMatch(/^[a-z]+\.[a-z]+(?:-[a-z]+)*$/);
  });

  it.each(codes)("%s: has a status, an exit code and a meaning", (code) => {
    const { status, exitCode = 1, meaning } = entryOf(code);
    expect(STATUSES).toContain(status);
    expect([1, 2]).toContain(exitCode);
    expect(meaning).toMatch(/^[A-Z].{10,}\.$/);
  });

  it.each(messages)("$code: says where, and all that it knows: $message", ({ values, message }) => {
    expect(Object.keys(values).some((name) => PLACES.includes(name))).toBe(true);
    for (const value of Object.values(values)) for (const text of texts(value)) expect(message).toContain(text);
    if ("found" in values) expect(Object.keys(values)).toContain("expected");
    expect(message).toMatch(/^\S.*\S$/);
    expect(message).not.toMatch(/undefined|\[object|[^.]\.$/);
  });

  it.each(messages)("$code: knows neither flags nor commands", ({ message }) => {
    expect(message).not.toMatch(/--[a-z]|`dien |`npx/);
  });

  it("has no code that nothing throws", () => {
    const users = [...sources()].filter(([file]) => !file.startsWith("errors/") && file !== "cli/hints.ts");
    const all = users.map(([, source]) => source).join("\n");
    expect(codes.filter((code) => !all.includes(`"${code}"`))).toEqual([]);
  });
});

/** Rooms that see numbers and shapes, but neither files nor options: whatever they throw is a defect. */
const ROOMS_OF_NUMBERS = ["autograd", "features", "kernels", "models", "nn", "optim", "report", "statistics", "tensor"];

/**
 * Where the other rooms throw anything but an error of the catalogue, and how often. Each is a defect of this project, or
 * of a program that calls it with arguments that the documentation rules out: no text, file or option of a user leads
 * there. What a user can cause belongs into the catalogue.
 */
const DEFECTS: Readonly<Record<string, number>> = {
  // What is thrown but is no error, for it to become one.
  "cli/failures.ts": 1,
  // As Commander ends a program that has said its version.
  "cli/program.ts": 1,
  // What the server said, where the catalogue is not.
  "client/asking.ts": 4,
  "dataset/file-writer.ts": 1,
  "dataset/parquet.ts": 1,
  "dataset/write.ts": 1,
  "experiments/lab/trials.ts": 1,
  "experiments/results/results.ts": 1,
  // These two are always caught: they become part of an error of the catalogue, as JSON's SyntaxError does.
  "files/yaml.ts": 2,
  "importers/amazon/python-literal.ts": 1,
  "market/asking.ts": 1,
  "run/safetensors-file.ts": 1,
  "run/safetensors.ts": 1,
  // What is thrown but is no error, as above.
  "serving/refusal.ts": 1,
};

describe("sources", () => {
  const outside = [...sources()].filter(([file]) => !file.startsWith("errors/"));

  it("make errors for users through the catalogue alone", () => {
    const own = outside.filter(([, source]) => /new UserError\b|extends UserError\b/.test(source));
    expect(own.map(([file]) => file)).toEqual([]);
  });

  it("throw other errors for defects alone", () => {
    const found = outside
      .filter(([file]) => !ROOMS_OF_NUMBERS.includes(file.split("/")[0]))
      .map(([file, source]) => [file, [...source.matchAll(/\bnew \w*Error\(/g)].length] as const);
    expect(Object.fromEntries(found.filter(([, count]) => count > 0))).toEqual(DEFECTS);
  });
});

describe("an error", () => {
  const error = failure("file.not-json", { path: "requests.ndjson", line: 7, reason: "cut off" });

  it("carries code, values, status and exit code", () => {
    expect(error).toBeInstanceOf(UserError);
    expect(error).toBeInstanceOf(Error);
    expect({ ...error, message: error.message }).toMatchObject({
      name: "UserError",
      code: "file.not-json",
      values: { path: "requests.ndjson", line: 7, reason: "cut off" },
      message: "requests.ndjson: line 7: not JSON: cut off",
    });
    expect([error.status, error.exitCode]).toEqual([422, 1]);
  });

  it("takes places in front of its message, the outermost first", () => {
    const placed = within("run 3", within("shop", error));
    expect(placed.message).toBe("run 3: shop: requests.ndjson: line 7: not JSON: cut off");
    expect(placed).toMatchObject({
      code: error.code,
      values: error.values,
      circumstances: { places: ["run 3", "shop"] },
    });
    const withNote = noted(placed, "5 lines were left out");
    expect(withNote.message).toBe(`${placed.message}; 5 lines were left out`);
    expect(within("now", withNote).message).toBe(`now: ${withNote.message}`);
  });

  it("keeps what caused it", () => {
    const cause = new Error("cut off");
    const caused = failure("file.empty", { path: "x" }, cause);
    expect(noted(within("here", caused), "so it is").cause).toBe(cause);
    expect("cause" in error).toBe(false);
  });

  it("gets its class back when it comes from another thread", async () => {
    const { port1, port2 } = new MessageChannel();
    const copy = { ...error, name: error.name, message: error.message };
    port2.postMessage(copy);
    const received = await new Promise<object>((done) => {
      port1.onmessage = ({ data }) => done(Object.assign(new Error(), data));
    });
    port1.close();
    expect(revived(received)).toBeInstanceOf(UserError);
    expect(revived(received)).toMatchObject({ code: error.code, values: error.values, message: error.message });
    const defect = new TypeError("x");
    expect(revived(defect)).toBe(defect);
    expect(revived(Object.assign(new Error("x"), { name: "UserError", code: "no.code" }))).not.toBeInstanceOf(
      UserError,
    );
    expect(revived("x").message).toBe("x");
  });

  it("is known by its code", () => {
    expect(isFailure(error, "file.not-json") && error.values.line).toBe(7);
    expect(isFailure(error, "file.empty")).toBe(false);
    expect(isFailure(new Error("file.not-json"), "file.not-json")).toBe(false);
  });
});

describe("hints of the command line", () => {
  it("are made of the same values, and say what the message does not", () => {
    for (const [code, hint] of Object.entries(hints)) {
      for (const values of samples[code as Code]) {
        const text = (hint as (values: unknown) => string | undefined)(values);
        if (text === undefined) continue;
        expect(text).toMatch(/^\S.*[^.\s]$/);
        expect(text).not.toMatch(/undefined|\[object/);
      }
    }
  });
});

it("docs/errors.md lists the catalogue (`npx vitest run test/hygiene -u` writes it)", async () => {
  const rows = codes.map((code) => {
    const { status, exitCode = 1, meaning } = entryOf(code);
    return `| \`${code}\` | ${status} | ${exitCode} | ${meaning} |`;
  });
  const page = `# Errors

Every mistake that \`dien\` reports has a code. The library throws a \`UserError\` with \`code\`,
\`values\` (what the message was made of), \`status\` (what an HTTP server answers) and \`exitCode\`
(what the command line exits with). A code keeps its meaning; the wording of a message may change.
Anything else that is thrown is a defect of \`dien\` itself. On the command line every error is one
line; \`--verbose\` also prints what caused it.

\`\`\`ts
import { readCurve, UserError } from "dien";

try {
  await readCurve("runs/a");
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.code, error.values, error.message);
}
\`\`\`

| code | status | exit code | when |
|---|---|---|---|
${rows.join("\n")}
`;
  await expect(page).toMatchFileSnapshot("../../docs/errors.md");
});
