/** What commands of `dien ab` share: flags that hold several words, and the command that repeats a report. */
import type { Command } from "commander";
import { z } from "zod";
import { shellWord } from "../../report/text.ts";

const WORDS = "expected words with commas between";

/** Words with commas between. */
export function words(value: string, description: string) {
  return z
    .array(
      z
        .string()
        .trim()
        .min(1)
        .regex(/^[^,]+$/, WORDS),
      WORDS,
    )
    .min(1)
    .meta({ value, description, commas: true });
}

/** Texts NAME=VALUE as a map. */
export function pairs<T>(
  pattern: RegExp,
  expected: string,
  of: (text: string) => T,
  meta: { value: string; description: string },
) {
  return z
    .array(z.string().trim().regex(pattern, expected), expected)
    .min(1)
    .meta({ ...meta, commas: true })
    .transform((given) => new Map(given.map((pair) => [pair.split("=")[0].trim(), of(pair.split("=")[1].trim())])));
}

const COLUMNS = "expected NAME=COLUMN, several with commas between";

/** Own names of columns by the documented ones. @param example such as arm=variant */
export function columnNames(example: string) {
  return pairs(/^[^=,]+=[^=,]+$/, COLUMNS, String, {
    value: "name=column,...",
    description: `names of columns in the files, where they are other ones: ${example}`,
  });
}

/** What repeats a command: every option that was given. */
export function commandOf(command: Command): string {
  const given = command.options.flatMap((option) => {
    const key = option.attributeName();
    if (command.getOptionValueSource(key) !== "cli" || ["json", "config"].includes(key)) return [];
    const value = command.getOptionValue(key);
    return value === true ? [`--${option.name()}`] : [`--${option.name()}`, shellWord(String(value))];
  });
  return ["dien", "ab", command.name(), ...given].join(" ");
}
