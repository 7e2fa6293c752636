/** Columns that hold several items, as SQL: the candidates of an impression with their labels, and given histories. */
import { quote } from "../../../database/sql.ts";
import { labelRule, listRule } from "./rules.ts";

/** A column of lists: JSON arrays (as lists of JSON and of Parquet come), or texts with something between their parts. */
export interface ListColumn {
  readonly column: string;
  readonly separator: string;
}

/** A column of candidates, and where their labels are: behind a sign, in a list of as many, or as those that were clicked. */
export interface CandidateList extends ListColumn {
  readonly label?: string;
  readonly labels?: string;
  readonly clicked?: string;
}

/** The type of candidates in a table. A candidate without a label is no impression. */
export const CANDIDATES = "STRUCT(item VARCHAR, label TINYINT)[]";

/** What a list of items must be, in words. */
export function expectedItems({ separator }: ListColumn): string {
  return `items with ${JSON.stringify(separator)} between them, or a JSON array`;
}

/** What a list of candidates must be, in words. */
export function expectedCandidates({ label, labels, clicked, ...list }: CandidateList): string {
  const items = expectedItems(list);
  if (label !== undefined) return `${items}; 0 or 1 behind the last ${JSON.stringify(label)} of each`;
  if (labels !== undefined) return `${items}, and as many labels in column ${labels}`;
  return `${items}, and of them some in column ${clicked}`;
}

/** The parts of a list: null of what is none, an empty list of what has no text. */
export function partsRule(text: string, { separator }: ListColumn): string {
  return `CASE WHEN ${text} IS NULL THEN []::VARCHAR[]
    WHEN starts_with(ltrim(${text}), '[') THEN CASE WHEN ${listRule(text)} THEN TRY_CAST(${text} AS JSON) ->> '$[*]' END
    ELSE list_filter(string_split(${text}, ${quote(separator)}), lambda part: part <> '') END`;
}

/** Items alone, without those that are among `missing`, as what fills up short lists is; null where one has no text. */
export function itemsRule(text: string, list: ListColumn, missing: readonly string[]): string {
  const parts = partsRule(text, list);
  const stated = `lambda item: item IS NULL OR item NOT IN (${missing.map(quote).join(", ")})`;
  const items = missing.length === 0 ? parts : `list_filter(${parts}, ${stated})`;
  return where("items", items, `CASE WHEN NOT ${hasGap("items")} THEN items END`);
}

/**
 * The candidates of a list; null where something about it or its labels is wrong, or there are none.
 * @param other of the text of its other column, if it has one
 */
export function candidatesRule(text: string, other: string, list: CandidateList): string {
  const given = list.label === undefined ? columnsRule(text, other, list) : signedRule(text, list.label, list);
  const isGood = "len(candidates) > 0 AND NOT list_contains(candidates.apply(lambda one: one.label), -1)";
  const items = "candidates.apply(lambda one: one.item)";
  return where("candidates", given, `CASE WHEN ${isGood} AND NOT ${hasGap(items)} THEN candidates END`);
}

/** Each part with its label behind the last sign; -1 of what is no label. */
function signedRule(text: string, sign: string, list: ListColumn): string {
  const pieces = `string_split(part, ${quote(sign)})`;
  const item = `array_to_string(${pieces}[:-2], ${quote(sign)})`;
  const candidate = `CASE WHEN contains(part, ${quote(sign)})
    THEN {'item': ${item}, 'label': ${labelOf(`${pieces}[-1]`)}} ELSE {'item': part, 'label': NULL::TINYINT} END`;
  return `list_transform(${partsRule(text, list)}, lambda part: ${candidate})`;
}

/** Labels of a column of their own, or of those that were clicked. */
function columnsRule(text: string, other: string, list: CandidateList): string {
  const label = list.labels === undefined ? "list_contains(others, items[i])::TINYINT" : labelOf("others[i]");
  const fits = list.labels === undefined ? "list_has_all(items, others)" : "len(items) = len(others)";
  const candidates = `list_transform(range(1, len(items) + 1), lambda i: {'item': items[i], 'label': ${label}})`;
  return where(
    "items",
    partsRule(text, list),
    where("others", partsRule(other, list), `CASE WHEN ${fits} THEN ${candidates} END`),
  );
}

const labelOf = (text: string) => `CASE WHEN ${text} IS NOT NULL THEN coalesce(${labelRule(text)}, -1::TINYINT) END`;
const hasGap = (items: string) => `(len(list_filter(${items}, lambda item: item IS NULL OR item = '')) > 0)`;
const where = (name: string, given: string, value: string) => `list_transform([${given}], lambda ${name}: ${value})[1]`;
