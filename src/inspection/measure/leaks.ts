/** What a sample must not know: histories that are not of its past, and samples that are there twice. */

import { SPLITS, type Split } from "../../dataset/dataset.ts";
import { WEIGHT } from "../../dataset/layout.ts";
import type { DatasetTables } from "./database.ts";

/** Samples of a split to which something applies, and the row of the first of them. */
export interface FoundSamples {
  readonly split: Split;
  readonly count: number;
  readonly row: number;
}

/** User, time and candidate of several samples, and the first of them (by sequence, time and candidate). */
export interface Shared {
  readonly count: number;
  readonly first: { readonly sequence: number; readonly time: number; readonly item: number } | null;
}

export interface Leaks {
  /** Sequences whose times fall, and the first of them. */
  readonly disorder: { readonly count: number; readonly sequence: number | null };
  /** Samples whose history has a behaviour after them, and whose latest behaviour has their own time. Empty splits are left out. */
  readonly later: readonly FoundSamples[];
  readonly equal: readonly FoundSamples[];
  /** Samples that equal an earlier one of their split in all columns. */
  readonly duplicates: readonly FoundSamples[];
  /** The same sequence, time and candidate in several splits, or with both labels. */
  readonly splits: Shared;
  readonly labels: Shared;
  /** Samples of train that are later than the earliest of test. */
  readonly overlap: number;
}

export async function findLeaks(tables: DatasetTables): Promise<Leaks> {
  const { rows } = tables;
  const [disorder] = await rows<Leaks["disorder"]>(
    `SELECT count(*) AS count, min(sequence) AS sequence FROM lengths WHERE NOT ordered`,
  );
  const [{ overlap }] = await rows<{ overlap: number }>(
    `SELECT count(*) AS overlap FROM samples_train WHERE time > (SELECT min(time) FROM samples_test)`,
  );
  return {
    disorder,
    ...(await findLate(tables, disorder.count > 0)),
    duplicates: await findDuplicates(tables),
    ...(await findShared(tables)),
    overlap,
  };
}

/**
 * Where times rise, the last behaviour of a history is its latest: behaviours are laid out as rows and met by their
 * place. Only of the sequences in disorder whole histories are looked through.
 */
async function findLate({ rows, manifest }: DatasetTables, disorder: boolean): Promise<Pick<Leaks, "later" | "equal">> {
  // Given histories have no times.
  if (manifest.givenHistories) return { later: [], equal: [] };
  const ordered = `
    SELECT split, row, samples.time, behaviour.time AS latest
    FROM samples JOIN (
      SELECT sequence, unnest(times) AS time, unnest(range(1, len(times) + 1)) AS position
      FROM sequences JOIN lengths USING (sequence) WHERE ordered
    ) AS behaviour ON samples.sequence = behaviour.sequence AND samples.position = behaviour.position
    WHERE length > 0`;
  const unordered = `
    SELECT split, row, time, list_max(times[position - length + 1 : position]) AS latest
    FROM samples JOIN (FROM sequences SEMI JOIN lengths ON sequences.sequence = lengths.sequence AND NOT ordered) USING (sequence)
    WHERE length > 0`;
  const found = await rows<Record<"split" | "later" | "equal" | "laterRow" | "equalRow", number>>(
    `SELECT split, count(*) FILTER (WHERE latest > time) AS later, min(row) FILTER (WHERE latest > time) AS "laterRow",
            count(*) FILTER (WHERE latest = time) AS equal, min(row) FILTER (WHERE latest = time) AS "equalRow"
     FROM (${disorder ? `${ordered} UNION ALL ${unordered}` : ordered}) GROUP BY split ORDER BY split`,
  );
  const of = (name: "later" | "equal") =>
    found
      .filter((row) => row[name] > 0)
      .map((row): FoundSamples => ({ split: SPLITS[row.split], count: row[name], row: row[`${name}Row`] }));
  return { later: of("later"), equal: of("equal") };
}

/** Rows are compared by a hash of 64 bits, which takes a tenth of the space; that two differ and agree in it is out of the question. */
async function findDuplicates({ fields, manifest, rows }: DatasetTables): Promise<FoundSamples[]> {
  const columns = [
    ...["label", "time", "sequence", "position", "length", "item"],
    ...fields.filter(({ kind }) => kind !== "item").map(({ column }) => column),
    ...(manifest.probability ? ["probability"] : []),
    ...(manifest.meanWeight ? [WEIGHT] : []),
  ];
  const found = await rows<{ split: number; count: number; row: number }>(
    `SELECT split, sum(copies - 1) AS count, min(row) AS row FROM (
       SELECT split, count(*) AS copies, min(row) AS row FROM samples
       GROUP BY split, hash(${columns.join(", ")}) HAVING count(*) > 1
     ) GROUP BY split ORDER BY split`,
  );
  return found.map(({ split, count, row }) => ({ split: SPLITS[split], count, row }));
}

async function findShared({ rows }: DatasetTables): Promise<Pick<Leaks, "splits" | "labels">> {
  const of = (name: string) =>
    `count(*) FILTER (WHERE ${name}) AS ${name}_count, min({sequence: sequence, time: time, item: item}) FILTER (WHERE ${name}) AS ${name}_first`;
  const [found] = await rows<Record<string, never>>(
    `SELECT ${of("splits")}, ${of("labels")} FROM (
       SELECT min(sequence) AS sequence, time, item, min(split) <> max(split) AS splits, min(label) <> max(label) AS labels
       FROM samples GROUP BY "user", time, item HAVING count(*) > 1
     )`,
  );
  const { splits_count, splits_first, labels_count, labels_first } = found;
  return { splits: { count: splits_count, first: splits_first }, labels: { count: labels_count, first: labels_first } };
}
