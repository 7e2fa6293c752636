/** What is wrong with a value that a schema refuses, in plain English: where, what was expected, what was found. */
import { z } from "zod";
import { withoutAddress } from "../errors/addresses.ts";
import { failure } from "../errors/failure.ts";
import { unknownKey } from "../suggest.ts";
import { type Described, describe, expectedAt, placesAt, settingsOf } from "./expected.ts";
import { listener, path } from "./pieces.ts";

/** `unknown`: a key that the schema does not have, at its own path. `empty`: a text that must not be. `wrong`: everything else. */
export interface Problem {
  readonly kind: "unknown" | "missing" | "empty" | "wrong";
  readonly path: readonly PropertyKey[];
  /** "expected a list, found 5". Of an unknown key the whole sentence. */
  readonly message: string;
}

/**
 * What of a value a schema refuses; nothing where it takes the value. Unknown keys come first: of a mistyped key the right
 * one is missing too.
 */
export function problemsOf(schema: z.ZodType, value: unknown): Problem[] {
  // An empty message shows that the schema has none of its own for this.
  const { error } = schema.safeParse(value, { reportInput: true, error: () => "" });
  if (error === undefined) return [];
  const described = describe(schema);
  const problems = error.issues.flatMap((issue) => read(issue, described));
  return [...problems.filter(isUnknown), ...problems.filter((problem) => !isUnknown(problem))];
}

const isUnknown = ({ kind }: Problem) => kind === "unknown";

/** A problem as a sentence; `where` names the place, by default its dotted path. */
export function sentence({ kind, path, message }: Problem, where = path.join(".") || "the document"): string {
  switch (kind) {
    case "unknown":
      return message;
    case "missing":
      return `${where} is missing: ${message}`;
    case "empty":
      return `${where} is empty`;
    case "wrong":
      return `${where}: ${message}`;
  }
}

/** Most problems that one line names. */
const MOST_PROBLEMS = 8;

/** All that is wrong with a value, on one line; empty where the schema takes it. */
export function whatIsWrong(schema: z.ZodType, value: unknown): string {
  const problems = problemsOf(schema, value);
  const more = problems.length > MOST_PROBLEMS ? `; and ${problems.length - MOST_PROBLEMS} more` : "";
  const named = problems.slice(0, MOST_PROBLEMS).map((problem) => sentence(problem));
  return `${named.join("; ")}${more}`;
}

/** Options with every default filled in. @throws UserError that names `caller` and each option that cannot be used */
export function checkOptions<S extends z.ZodType>(caller: string, schema: S, options: unknown): z.output<S> {
  const checked = schema.safeParse(options);
  if (checked.success) return checked.data;
  throw failure("settings.invalid", { name: caller, problems: whatIsWrong(schema, options) });
}

/** A path among the arguments of `caller`. @throws UserError that names it where it is none */
export function checkPath(caller: string, name: string, given: unknown): void {
  checkOptions(caller, z.object({ [name]: path }), { [name]: given });
}

const listening = z.object({ onProgress: listener });

/** The listener among the arguments of `caller`. @throws UserError where it is no function */
export function checkListener(caller: string, onProgress: unknown): void {
  checkOptions(caller, listening, { onProgress });
}

function read(issue: z.core.$ZodIssue, described: Described): Problem[] {
  const { path, message, input } = issue;
  if (issue.code === "unrecognized_keys") {
    const dotted = (key: string) => [...path, key].join(".");
    const beside = placesAt(described, path).flatMap(({ properties }) => Object.keys(properties ?? {}));
    const known = [...beside.map(dotted), ...settingsOf(described).keys()];
    return issue.keys.map((key) => ({
      kind: "unknown",
      path: [...path, key],
      message: unknownKey(dotted(key), known),
    }));
  }
  if (message === "" && input === "") return [{ kind: "empty", path, message }];
  // The input of a choice between objects is the object, not the key that decides.
  const found = issue.code === "invalid_union" && issue.discriminator ? valueAt(input, issue.discriminator) : input;
  const expected = message || `expected ${expectedAt(described, path)}`;
  if (found === undefined) return [{ kind: "missing", path, message: expected }];
  const isExpectation = expected.startsWith("expected ") && !expected.includes(", found ");
  return [{ kind: "wrong", path, message: isExpectation ? `${expected}, found ${show(found)}` : expected }];
}

function valueAt(object: unknown, key: string): unknown {
  return Object.entries(object ?? {}).find(([name]) => name === key)?.[1];
}

/** Most characters of a found value. */
const MOST_SHOWN = 60;

/** A value as JSON, cut where it is long. */
function show(value: unknown): string {
  const text = withoutAddress(typeof value === "number" ? String(value) : (asJson(value) ?? `a ${typeof value}`));
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}...`;
}

/** Undefined of what JSON cannot hold. */
function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
