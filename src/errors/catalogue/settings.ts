/** Errors of options and configurations, whether a program gives them, a file or a request. */
import { didYouMean, unknownKey } from "../../suggest.ts";
import type { Entries } from "../entry.ts";

export const settings = {
  "settings.invalid": {
    status: 400,
    exitCode: 2,
    meaning: "Options or a configuration have unknown keys, lack some, or have values that cannot be.",
    message: ({ name, problems }: { name: string; problems: string }) => `${name}: ${problems}`,
  },
  "settings.unknown-key": {
    status: 400,
    exitCode: 2,
    meaning: "No setting has that name.",
    message: ({ key, known }: { key: string; known: readonly string[] }) => unknownKey(key, known),
  },
  "settings.machine-key": {
    status: 400,
    exitCode: 2,
    meaning: "What is given as a setting is a matter of the machine, such as the number of threads.",
    message: ({ key }: { key: string }) => `'${key}' is no setting of a model, but of the machine`,
  },
  "settings.no-model": {
    status: 400,
    exitCode: 2,
    meaning: "A configuration does not name its model.",
    message: ({ name, expected }: { name: string; expected: string }) => `${name} names no model: expected ${expected}`,
  },
  "settings.unknown-model": {
    status: 404,
    exitCode: 2,
    meaning: "There is no model of that name.",
    message: ({ name, known }: { name: string; known: readonly string[]; field?: string }) =>
      `unknown model '${name}', expected one of ${known.join(", ")}${didYouMean(name, known)}`,
  },
} satisfies Entries<"settings">;
