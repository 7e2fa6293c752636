/** Errors of the command line: options, and the file of options. */
import { unknownKey } from "../../suggest.ts";
import type { Entries } from "../entry.ts";

export interface Option {
  /** As the help shows it. */
  readonly option: string;
}

export const usage = {
  "usage.missing-option": {
    status: 400,
    exitCode: 2,
    meaning: "An option that has to be given is not.",
    message: ({ option, instead }: Option & { instead?: string }) =>
      `option '${option}' is missing${instead === undefined ? "" : `; '${instead}' may stand in its place`}`,
  },
  "usage.empty-option": {
    status: 400,
    exitCode: 2,
    meaning: "An option is given with an empty text.",
    message: ({ option }: Option) => `option '${option}' is empty`,
  },
  "usage.wrong-option": {
    status: 400,
    exitCode: 2,
    meaning: "An option has a value that it cannot have.",
    message: ({ option, problem }: Option & { problem: string }) => `option '${option}': ${problem}`,
  },
  "usage.lone-option": {
    status: 400,
    exitCode: 2,
    meaning: "An option means something only together with another one.",
    message: ({ option, needed }: Option & { needed: string }) => `option '${option}' needs '${needed}'`,
  },
  "usage.contradiction": {
    status: 400,
    exitCode: 2,
    meaning: "Two options give one setting different values.",
    message: ({ option, other }: Option & { other: string }) => `'${option}' and '${other}' contradict one another`,
  },
  "usage.not-yaml": {
    status: 400,
    exitCode: 2,
    meaning: "The file of options is not YAML.",
    message: ({ path, reason }: { path: string; reason: string }) => `${path} is not YAML: ${reason}`,
  },
  "usage.unknown-key": {
    status: 400,
    exitCode: 2,
    meaning: "The file of options has a key that is no option.",
    message: ({ path, key, known }: { path: string; key: string; known: readonly string[] }) =>
      `${path}: ${unknownKey(key, known)}`,
  },
  "usage.wrong-key": {
    status: 400,
    exitCode: 2,
    meaning: "The file of options has a value that the option cannot have.",
    message: ({ path, problem }: { path: string; problem: string }) => `${path}: ${problem}`,
  },
  "usage.resumed-setting": {
    status: 409,
    exitCode: 2,
    meaning: "A run that goes on is asked for with another configuration than its own.",
    message: ({ path, key }: { path: string; key: string }) =>
      `a run goes on with its own configuration, and that of ${path} has another '${key}'`,
  },
} satisfies Entries<"usage">;
