/** A database on disk for work that memory does not hold. */
import { mkdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { isExhausted, isFileError, reason } from "../../../database/sql.ts";
import { failure } from "../../../errors/failure.ts";

/** Memory for which DuckDB has a thread: each holds buffers of its own, which it does not spill. */
const THREAD_BYTES = 2 ** 26;

/** Gives a further connection, where two things go on at once. */
export type Connect = () => Promise<DuckDBConnection>;

/**
 * Runs `body` with a fresh database in `folder`, which is removed after it, whatever happens. DuckDB takes up to
 * `memory` bytes, then spills into the folder.
 * @throws UserError where disk or memory do not suffice, or a file of the database cannot be used
 */
export async function withWorkDatabase<T>(
  folder: string,
  memory: number,
  body: (connect: Connect) => Promise<T>,
): Promise<T> {
  await mkdir(folder);
  const connections: DuckDBConnection[] = [];
  let instance: DuckDBInstance | undefined;
  try {
    const opened = await DuckDBInstance.create(join(folder, "work.duckdb"), {
      temp_directory: join(folder, "spilled"),
      memory_limit: `${Math.floor(memory / 2 ** 20)}MiB`,
      threads: String(Math.max(1, Math.min(availableParallelism(), Math.floor(memory / THREAD_BYTES)))),
    });
    instance = opened;
    return await body(async () => {
      const connection = await opened.connect();
      connections.push(connection);
      return connection;
    });
  } catch (error) {
    if (isExhausted(error)) throw failure("file.no-room", { path: folder, reason: reason(error) });
    if (isFileError(error)) throw failure("file.unusable", { action: "use", path: folder, reason: reason(error) });
    throw error;
  } finally {
    for (const connection of connections) connection.closeSync();
    instance?.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
}
