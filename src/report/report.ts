/** A report: the answer to a question with its tables, figures, data and the commands that repeat it. */
import type { DataRow } from "./csv.ts";

/** A cell of a table: null is an empty cell, `strong` marks the best of its column, `note` follows in small print. */
export type TableCell =
  | string
  | number
  | null
  | { readonly text: string; readonly note?: string; readonly strong?: boolean };

/** A part of a report. In texts, captions, headings and cells, backticks mark code. */
export type ReportBlock =
  | { readonly kind: "text" | "heading"; readonly text: string }
  | {
      readonly kind: "table";
      readonly name: string;
      readonly caption: string;
      readonly head: readonly string[];
      readonly rows: readonly (readonly TableCell[])[];
    }
  | { readonly kind: "figure"; readonly name: string; readonly caption: string; readonly svg: string };

export interface Report {
  readonly name: string;
  readonly title: string;
  /** The answer in a sentence or two. */
  readonly lead: string;
  readonly blocks: readonly ReportBlock[];
  /** The data of tables and figures, by name. */
  readonly data: Readonly<Record<string, readonly DataRow[]>>;
  /** The exact commands that reproduce the report. */
  readonly commands: readonly string[];
}
