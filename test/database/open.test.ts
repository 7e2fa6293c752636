import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withDuckDB, withWorkDatabase } from "../../src/database/open.ts";
import { endingItself, interruptible } from "../../src/interruption.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dien-database-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Takes minutes. */
const LONG = "range(100000000000::BIGINT) r(i) WHERE i % 7 = 3";

describe("an interruption ends", () => {
  const works: Record<string, (connection: DuckDBConnection) => Promise<unknown>> = {
    "a statement": (connection) => connection.run(`CREATE TABLE long AS SELECT count(*) FROM ${LONG}`),
    "a query": (connection) => connection.runAndReadAll(`SELECT count(*) FROM ${LONG}`),
    "a stream, before its first row": async (connection) => {
      const result = await connection.stream(`SELECT count(*) FROM ${LONG}`);
      await result.fetchChunk();
    },
    "a stream, between rows": async (connection) => {
      const result = await connection.stream(`SELECT i FROM ${LONG}`);
      for (let rows = 1; rows > 0; ) rows = (await result.fetchChunk())?.rowCount ?? 0;
    },
    "rows that are appended": async (connection) => {
      await connection.run("CREATE TABLE grows (i INTEGER)");
      const appender = await connection.createAppender("grows");
      const chunk = await (await connection.stream("SELECT 1::INTEGER")).fetchChunk();
      for (;;) {
        appender.appendDataChunk(chunk!);
        await setTimeout(1);
      }
    },
  };
  test.each(Object.entries(works))("%s", async (_, work) => {
    const stop = new AbortController();
    const ended = interruptible(stop.signal, () => withDuckDB(work));
    ended.catch(() => {});
    await setTimeout(50);
    const start = performance.now();
    stop.abort();
    await expect(ended).rejects.toBe(stop.signal.reason);
    expect(performance.now() - start).toBeLessThan(1500);
  });

  test("a query that has not begun, and every later one, but none that ends itself", async () => {
    const stop = new AbortController();
    const query = "SELECT 1";
    await interruptible(stop.signal, () =>
      withDuckDB(async (connection) => {
        await connection.run(query);
        const begun = connection.run(`SELECT count(*) FROM ${LONG}`);
        stop.abort();
        await expect(begun).rejects.toBe(stop.signal.reason);
        await expect(connection.run(query)).rejects.toBe(stop.signal.reason);
        await endingItself(() => connection.run(query));
      }),
    );
  });

  test("a stream that was asked for more and has not begun to look, which DuckDB takes for its end", async () => {
    const stop = new AbortController();
    const ended = interruptible(stop.signal, () =>
      withDuckDB(async (connection) => {
        const result = await connection.stream(`SELECT i FROM ${LONG}`);
        await result.fetchChunk();
        const next = result.fetchChunk();
        stop.abort();
        return await next;
      }),
    );
    await expect(ended).rejects.toMatchObject({ name: "AbortError" });
  });

  test("two queries of a work database, which goes", async () => {
    const place = join(folder, "stopped");
    const stop = new AbortController();
    const ended = interruptible(stop.signal, () =>
      withWorkDatabase(place, 2 ** 27, async (connect) => {
        await (await connect()).run("CREATE TABLE a AS SELECT i FROM range(1000000) r(i)");
        const connections = [await connect(), await connect()];
        setTimeout(20).then(() => stop.abort());
        await Promise.all(connections.map((connection) => connection.run(`SELECT count(*) FROM ${LONG}`)));
      }),
    );
    await expect(ended).rejects.toMatchObject({ name: "AbortError" });
    expect(existsSync(place)).toBe(false);
  });
});

test("memory that does not suffice is told from other failures, with what DuckDB said as the cause", async () => {
  const scarce = { temp_directory: "", memory_limit: "4MB" };
  const large = withDuckDB((connection) => connection.run("CREATE TABLE t AS FROM range(10000000)"), scarce);
  await expect(large).rejects.toMatchObject({
    code: "file.no-room",
    values: { path: "memory" },
    cause: { message: expect.stringMatching(/^Out of Memory Error/) },
  });
  const wrong = withDuckDB((connection) => connection.run("SELECT 'x'::INTEGER"));
  await expect(wrong).rejects.toMatchObject({ code: "database.failed" });
  const broken = withDuckDB((connection) => connection.stream("SELEC"));
  await expect(broken).rejects.toMatchObject({ code: "database.failed" });
});

test("errors of the work itself are its own, and the database goes", async () => {
  const mistake = new Error("a mistake of ours");
  const failed = withWorkDatabase(join(folder, "work"), 2 ** 26, () => Promise.reject(mistake));
  await expect(failed).rejects.toBe(mistake);
  expect(readdirSync(folder)).toEqual([]);
});

test("nothing is fetched from the network, and what files need is there", async () => {
  await withDuckDB(async (connection) => {
    for (const address of ["https://localhost:1/a.parquet", "s3://bucket/a.csv"]) {
      const reading = connection.run(`FROM read_csv('${address}')`);
      await expect(reading).rejects.toThrow(/requires the extension httpfs/);
    }
    const settings = "current_setting('autoinstall_known_extensions') OR current_setting('autoload_known_extensions')";
    const rows = (sql: string) => connection.runAndReadAll(sql).then((reader) => reader.getRows());
    expect(await rows(`SELECT ${settings}`)).toEqual([[false]]);
    for (const format of ["parquet", "json", "csv"]) {
      const path = join(folder, `a.${format}`);
      await connection.run(`COPY (SELECT 7 AS a, 'b' AS b) TO '${path}' (FORMAT ${format})`);
      expect((await rows(`SELECT a::INTEGER, b FROM read_${format}('${path}')`))[0]).toEqual([7, "b"]);
      rmSync(path);
    }
  });
});

test("a path that DuckDB would take apart is refused by the name that people gave", async () => {
  const place = join(folder, "is it?");
  const opened = withWorkDatabase(place, 2 ** 27, () => expect.unreachable(), "mine");
  await expect(opened).rejects.toThrow(/^cannot use mine: its path has a question mark, /);
  expect(existsSync(place)).toBe(false);
});

test("no other source opens a database", () => {
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const doors = sources.filter((file) => readFileSync(join("src", file), "utf8").includes("DuckDBInstance"));
  expect(doors).toEqual([join("database", "open.ts")]);
});
