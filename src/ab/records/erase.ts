/**
 * A user is taken out of records: the rows stay, for what an experiment has counted stays true, but nothing says any more
 * whose they were. The name becomes one that is drawn for it and kept nowhere, and what is told of the user goes.
 */
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { fileFailure, parquetFailure } from "../../database/errors.ts";
import { withDuckDB } from "../../database/open.ts";
import { literalPath, quote } from "../../database/sql.ts";
import { failure } from "../../errors/failure.ts";
import { placeOf, replaceFile } from "../../files/aside.ts";
import { folderPlace, withClaim } from "../../files/claim.ts";
import { fileError } from "../../files/failures.ts";
import { counting, filesIn, isParquet, nameOf, parquetOf } from "./files.ts";
import { INDEX } from "./recover.ts";
import { makeParquet } from "./rotate.ts";
import type { Kind } from "./rows.ts";

/** What takes the place of what is told of a user beside the name. */
const ERASED: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  exposures: { fields: "'{}'::JSON", request: "NULL::VARCHAR" },
  outcomes: {},
};

/**
 * Takes a user out of the records in a folder, which no server has open; returns how many rows of each kind there were.
 * What is remembered is made anew at the next start. A command that was killed is finished by the same one.
 * @throws UserError where a server has the folder, or a file cannot be read or written
 */
export async function eraseUser(folder: string, user: string): Promise<Readonly<Record<Kind, number>>> {
  const place = await placeOf(folder);
  const found = await filesIn(place).catch((error) => {
    throw fileError(error, "read", folder);
  });
  if (found.length === 0) throw failure("file.absent", { action: "read records in", path: folder });
  return await withClaim(folderPlace(place, "records.in-use"), async () => {
    await rm(join(place, INDEX), { recursive: true, force: true });
    const name = `erased-${randomUUID()}`;
    const erased = { exposures: 0, outcomes: 0 };
    const files = await filesIn(place);
    const paths = counting(files.map((file) => join(place, nameOf(file))));
    for (const file of files) {
      const path = join(place, nameOf(file));
      if (!paths.includes(path)) {
        await rm(path);
        continue;
      }
      if (!isParquet(path)) await makeParquet(file.kind, path);
      erased[file.kind] += await withDuckDB((connection) =>
        eraseIn(connection, file.kind, isParquet(path) ? path : parquetOf(path), user, name),
      );
    }
    return erased;
  });
}

/** Writes a file anew where it has rows of the user; returns how many. */
async function eraseIn(
  connection: DuckDBConnection,
  kind: Kind,
  path: string,
  user: string,
  name: string,
): Promise<number> {
  const rows = `read_parquet(${literalPath(path)})`;
  const isTheirs = `"user" = ${quote(user)}`;
  const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${rows} WHERE ${isTheirs}`).catch((error) => {
    throw parquetFailure(error, path);
  });
  const count = Number(counted.getRows()[0][0]);
  if (count === 0) return 0;
  const replaced = Object.entries({ user: quote(name), ...ERASED[kind] }).map(
    ([column, value]) => `CASE WHEN ${isTheirs} THEN ${value} ELSE "${column}" END AS "${column}"`,
  );
  await replaceFile(path, async (temporary) => {
    const query = `SELECT * REPLACE (${replaced.join(", ")}) FROM ${rows}`;
    const copy = `COPY (${query}) TO ${quote(temporary)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`;
    await connection.run(copy).catch((error) => {
      throw fileFailure(error, "write", temporary);
    });
  });
  return count;
}
