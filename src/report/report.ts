/** What a report is made of. */
import type { Row } from "./csv.ts";

/** What stands in a table: null is a gap, `strong` marks the best of its column, `note` follows in small print. */
export type Cell =
  | string
  | number
  | null
  | { readonly text: string; readonly note?: string; readonly strong?: boolean };

/** A part of a report. In texts, captions, headings and cells, backticks mark code. */
export type Block =
  | { readonly kind: "text" | "heading"; readonly text: string }
  | {
      readonly kind: "table";
      readonly name: string;
      readonly caption: string;
      readonly head: readonly string[];
      readonly rows: readonly (readonly Cell[])[];
    }
  | { readonly kind: "figure"; readonly name: string; readonly caption: string; readonly svg: string };

export interface Report {
  readonly name: string;
  readonly title: string;
  /** What was asked, and the answer in a sentence. */
  readonly lead: string;
  readonly blocks: readonly Block[];
  /** The data behind tables and figures by name. */
  readonly data: Readonly<Record<string, readonly Row[]>>;
  /** The exact commands that repeat it. */
  readonly commands: readonly string[];
}
