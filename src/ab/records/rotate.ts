/** A full file of lines becomes Parquet, in a database of its own thread: whoever appends meanwhile is not held up. */
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fileFailure } from "../../database/errors.ts";
import { withDuckDB } from "../../database/open.ts";
import { literalPath, quote } from "../../database/sql.ts";
import { flushFolder, replaceFile } from "../../files/aside.ts";
import { note } from "../../files/notes.ts";
import { parquetOf } from "./files.ts";
import { linesOf, wholeRow } from "./read.ts";
import type { Kind } from "./rows.ts";

/** One thread: the others are for those who answer. */
const SETTINGS = { threads: "1", memory_limit: "512MiB", temp_directory: "" };

/**
 * Writes what a file of lines holds to the Parquet file beside it, which appears whole, then removes the lines. The folder
 * is claimed. Lines that are no rows are left out, which a note says.
 * @throws UserError where that fails; the lines stay then
 */
export async function makeParquet(kind: Kind, path: string): Promise<void> {
  const target = parquetOf(path);
  await withDuckDB(async (connection) => {
    const lines = linesOf(kind, `[${literalPath(path)}]`);
    const rows = `FROM ${lines} WHERE ${wholeRow(kind)}`;
    const bad = await connection.runAndReadAll(`SELECT count(*) FROM ${lines} WHERE NOT (${wholeRow(kind)})`);
    await replaceFile(target, async (temporary) => {
      const query = `COPY (${rows}) TO ${quote(temporary)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`;
      await connection.run(query).catch((error) => {
        throw fileFailure(error, "write", temporary);
      });
    });
    const left = Number(bad.getRows()[0][0]);
    if (left > 0) note(`${path}: ${left} lines are no ${kind} and were left out`);
  }, SETTINGS);
  await rm(path);
  await flushFolder(dirname(path));
}
