/** What the beginning of a file shows of its layout, where neither its name nor anybody says it. */
import { isUtf8 } from "node:buffer";
import { canonicalEncoding } from "./encoding.ts";
import { headOf, markedEncoding } from "./head.ts";
import { looksLikeValues, type Separators, separatorsOf, splitLine } from "./header.ts";
import { type Format, type Layout, NONE } from "./layout.ts";
import type { SourceFile } from "./source.ts";

/** A layout to read a file with; `why` has what was guessed of it. */
export interface GuessedLayout {
  readonly layout: Layout;
  readonly why: { readonly [K in keyof Layout]?: string };
}

/** Lines that are looked at. */
const MOST_LINES = 200;

/**
 * Adds to `given` what has to be said for the file to be read; nothing where its name says enough. Of zstd files and of
 * Parquet there is nothing to see.
 */
export async function guessLayout(file: SourceFile, given: Layout): Promise<GuessedLayout> {
  const why: { -readonly [K in keyof Layout]?: string } = {};
  const layout: { -readonly [K in keyof Layout]: Layout[K] } = { ...given };
  const set = <K extends keyof Layout>(key: K, value: Layout[K], reason: string) => {
    if (layout[key] !== undefined) return;
    layout[key] = value;
    why[key] = reason;
  };
  const result: GuessedLayout = { layout, why };
  const head = await headOf(file);
  const named = given.format ?? file.format;
  if (head.length === 0 || named === "parquet") return result;
  if (head.subarray(0, 4).toString("latin1") === "PAR1") {
    set("format", "parquet", "it begins as Parquet does");
    return result;
  }
  const encoding = encodingOf(head);
  if (encoding !== undefined)
    set("encoding", encoding, "its first bytes are no UTF-8; check it where letters look odd");
  const lines = linesOf(head, layout.encoding ?? "utf-8");
  if (named === undefined && /^\s*[[{]/.test(lines[0] ?? "")) set("format", "ndjson", "it begins as JSON does");
  if (lines.length === 0 || (layout.format ?? named) === "ndjson") return result;
  const separators = guessSeparators(lines, named, layout);
  const usual = separatorsOf(lines[0], named === "tsv" ? "tsv" : "csv", layout);
  const isTabbed = separators.delimiter === "\t" && separators.quote === "";
  if (named === undefined) set("format", isTabbed ? "tsv" : "csv", "by what stands between its values");
  const format = layout.format ?? named;
  if (separators.delimiter !== usual.delimiter && !(format === "tsv" && isTabbed)) {
    set("delimiter", separators.delimiter, "every row has as many of it");
  }
  const { quote } = separatorsOf(lines[0], format === "tsv" ? "tsv" : "csv", layout);
  if (separators.quote !== quote) {
    const reason =
      separators.quote === "" ? "there are quotes that do not end" : "the names of its columns stand in them";
    set("quote", separators.quote || NONE, reason);
  }
  if (looksLikeValues(splitLine(lines[0], separators) ?? [])) set("header", NONE, "the first row looks like values");
  return result;
}

/** What text is in that is no UTF-8; undefined where it is, or a mark shows it. */
function encodingOf(head: Buffer): string | undefined {
  if (markedEncoding(head) !== undefined) return undefined;
  // The last character may have been cut, of four bytes at most.
  if ([0, 1, 2, 3].some((cut) => isUtf8(head.subarray(0, head.length - cut))) && !head.includes(0)) return undefined;
  const zeros = [0, 1].map((first) => head.filter((byte, index) => byte === 0 && index % 2 === first).length);
  if (Math.max(...zeros) > head.length / 4) return zeros[0] > zeros[1] ? "utf-16be" : "utf-16le";
  // Letters of Western languages stand alone among those of ASCII; GBK's bytes come in pairs.
  let [pairs, single] = [0, 0];
  for (let at = 0; at < head.length; at++) {
    if (head[at] < 0x80) continue;
    if ((head[at + 1] ?? 0) >= 0xa1) {
      pairs++;
      at++;
    } else single++;
  }
  return pairs > 9 * single ? "gbk" : "windows-1252";
}

/** The first lines that are not blank, without the last one if it may have been cut. */
function linesOf(head: Buffer, encoding: string): string[] {
  const text = new TextDecoder(markedEncoding(head) ?? canonicalEncoding(encoding)).decode(head);
  const lines = text.split(/\r?\n/);
  if (lines.length > 1) lines.pop();
  return lines.filter((line) => line.trim() !== "").slice(0, MOST_LINES);
}

/** Of equally good ones the first. A blank stands within values too. */
const CANDIDATES = ["\t", "::", ",", ";", "|", "\x01", " "] as const;

/** The usual ones where they separate anything; else those with which most rows have as many values as the first. */
function guessSeparators(lines: readonly string[], named: Format | undefined, layout: Layout): Separators {
  const kind = named === "tsv" ? "tsv" : "csv";
  const usual = separatorsOf(lines[0], kind, layout);
  const isSplit = (separators: Separators) => (splitLine(lines[0], separators)?.length ?? 0) > 1;
  const delimiters =
    layout.delimiter !== undefined || (named !== undefined && isSplit(usual)) ? [usual.delimiter] : CANDIDATES;
  let best = usual;
  let most = 0.5;
  for (const delimiter of delimiters) {
    const isTabs = named === undefined && delimiter === "\t";
    const { quote } = separatorsOf(lines[0], isTabs ? "tsv" : kind, { ...layout, delimiter });
    for (const separators of quotesOf(lines[0], delimiter, quote, layout)) {
      const columns = splitLine(lines[0], separators)?.length ?? 0;
      if (columns < 2) continue;
      const alike = lines.filter((line) => splitLine(line, separators)?.length === columns).length / lines.length;
      // A quoted value may run over lines, which are no rows then.
      const isTorn = separators.quote === "" && quote !== "" && alike < 1;
      if (alike > most && !isTorn) [best, most] = [separators, alike];
    }
  }
  return best;
}

/** The usual way first, then the other one. */
function quotesOf(line: string, delimiter: string, usual: string, { quote }: Layout): Separators[] {
  if (quote !== undefined) return [{ delimiter, quote: usual }];
  if (usual !== "") return ['"', ""].map((one) => ({ delimiter, quote: one }));
  // Without quotes any text can be read: that they stand around values is seen by their being around every name.
  const cells = line.split(delimiter);
  const isQuoted = cells.every((cell) => /^".*"$/s.test(cell));
  return (isQuoted ? ['"'] : [""]).map((one) => ({ delimiter, quote: one }));
}
