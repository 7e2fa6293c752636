/** Tables for people: plain columns, numbers to the right, no lines that a paste would break. */
import Table from "cli-table3";
import { printable } from "../errors/printable.ts";

/** Lines of a table; the first column is aligned left, and so are the others where they are words. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  others: "left" | "right" = "right",
): string[] {
  const none = "";
  const lines = new Table({
    head: head.map(printable),
    colAligns: head.map((_, column) => (column === 0 ? "left" : others)),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: {
      top: none,
      "top-mid": none,
      "top-left": none,
      "top-right": none,
      bottom: none,
      "bottom-mid": none,
      "bottom-left": none,
      "bottom-right": none,
      left: none,
      "left-mid": none,
      mid: none,
      "mid-mid": none,
      right: none,
      "right-mid": none,
      middle: none,
    },
  });
  for (const row of rows) lines.push(row.map(printable));
  return lines
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
}
