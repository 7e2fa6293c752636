/**
 * What must not reach a terminal inside of a text of others: control characters (C0, DEL, C1), which it obeys; separators
 * of lines and paragraphs; and marks that turn the order of the characters around, so that a line reads as another one
 * (https://www.unicode.org/reports/tr9/, section 2).
 */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu;

/** Text from a file or command line, fit for a terminal: on one line and without what a terminal would obey. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, " ");
}
