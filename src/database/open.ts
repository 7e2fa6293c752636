/** Databases in memory. */
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

/** Runs `body` with a connection to an empty database in memory, which never spills to disk unless `settings` allow it. */
export async function withDuckDB<T>(
  body: (connection: DuckDBConnection) => Promise<T>,
  settings: Readonly<Record<string, string>> = { temp_directory: "" },
): Promise<T> {
  const instance = await DuckDBInstance.create(":memory:", settings);
  try {
    const connection = await instance.connect();
    try {
      return await body(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}
