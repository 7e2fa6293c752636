/**
 * How a file is written, where its name does not say: the keys of `layout:` in features.yaml, and the flags of the same
 * names. This schema stands apart from the readers, as those of all options do: `--help` must not wait for a database.
 */
import { z } from "zod";
import { withoutNul } from "../../../options/pieces.ts";

export const FORMATS = ["csv", "tsv", "ndjson", "parquet"] as const;
export type Format = (typeof FORMATS)[number];

/** What `quote` and `header` say of a file that has none. */
export const NONE = "none";

/** DuckDB takes no longer delimiter. */
const MOST_BYTES = 4;
const DELIMITER = `expected one to ${MOST_BYTES} characters that end no line, such as "::" or "\\t"`;
const QUOTE = `expected one character, or ${NONE}`;
const HEADER = `expected names of columns, or ${NONE}`;
const ENCODING = "expected an encoding such as utf-8, latin1, windows-1252, utf-16, gbk or shift_jis";

const names = z
  .array(z.string(HEADER).trim().min(1, HEADER).check(withoutNul))
  .min(1, HEADER)
  .refine((given) => new Set(given).size === given.length, "a name occurs twice");

export const layoutShape = {
  format: z.enum(FORMATS).meta({ value: "format", description: `${FORMATS.join(", ")}; by default the name says it` }),
  delimiter: z
    .string(DELIMITER)
    .transform((given) => given.replaceAll("\\t", "\t"))
    .refine((given) => given !== "" && Buffer.byteLength(given) <= MOST_BYTES && !/[\r\n\0]/.test(given), DELIMITER)
    .meta({ value: "text", description: 'what stands between values: ",", "::", " ", "\\t"' }),
  quote: z
    .string(QUOTE)
    .refine((given) => given === NONE || /^[!-~]$/.test(given), QUOTE)
    .meta({ value: "sign", description: `what stands around values, or ${NONE}: quotes are characters as any other` }),
  header: z
    .preprocess(
      (given) => (typeof given === "string" && given !== NONE ? given.split(",") : given),
      z.union([z.literal(NONE), names], HEADER),
    )
    .meta({
      value: "names",
      description: `of a file without a header: the names of its columns, or ${NONE}: c1, c2, ...`,
    }),
  encoding: z.string(ENCODING).refine(isEncoding, ENCODING).meta({
    value: "name",
    description: "utf-8, latin1, windows-1252, utf-16, gbk, ...; a byte order mark shows it by itself",
  }),
};

/** All keys may be left out. */
export const layoutSchema = z.strictObject(layoutShape).partial();
export type Layout = Readonly<z.output<typeof layoutSchema>>;

function isEncoding(label: string): boolean {
  try {
    new TextDecoder(label);
    return true;
  } catch {
    return false;
  }
}

/** Of two layouts the keys of `first`, then those of `second`. */
export function mergeLayouts(first: Layout, second: Layout): Layout {
  const given = Object.entries(first).filter(([, value]) => value !== undefined);
  return { ...second, ...Object.fromEntries(given) };
}
