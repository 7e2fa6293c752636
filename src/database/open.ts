/**
 * The one door to DuckDB. What is asked of a database that was opened here ends soon after the signal of the work it is
 * for is aborted (interruption.ts), and every error that goes out is one of the catalogue.
 */
import { mkdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { failure } from "../errors/failure.ts";
import { currentSignal, throwIfInterrupted } from "../interruption.ts";
import { ErrorsOf } from "./errors.ts";

type Settings = Readonly<Record<string, string>>;

/** Gives a further connection, where two things go on at once. */
export type Connect = () => Promise<DuckDBConnection>;

/** Memory for which DuckDB has a thread: each holds buffers of its own, which it does not spill. */
const THREAD_BYTES = 2 ** 26;
/** Of its memory, what its allocator may keep of what is free again before it gives that back: beside the limit, not in it. */
const FLUSH_SHARE = 16;
/** Nothing is fetched from the network by itself, such as what DuckDB would need for a path that is an address. */
const NO_EXTENSIONS: Settings = { autoinstall_known_extensions: "false", autoload_known_extensions: "false" };
/** Milliseconds between two interruptions of a query: one that is about to begin forgets those before. */
const INTERRUPT_EVERY = 50;

export class Database {
  readonly #instance: DuckDBInstance;
  readonly #errors: ErrorsOf;

  private constructor(instance: DuckDBInstance, errors: ErrorsOf) {
    this.#instance = instance;
    this.#errors = errors;
  }

  /**
   * Opens the database of a folder, or an empty one in memory.
   * @param name what people call the folder
   * @throws UserError where that cannot be done
   */
  static async open(settings: Settings, folder?: string, name = folder): Promise<Database> {
    const errors = new ErrorsOf(name ?? (settings.temp_directory || "memory"));
    const path = folder === undefined ? ":memory:" : join(folder, "work.duckdb");
    if (name !== undefined && path.includes("?")) {
      const reason = "its path has a question mark, and DuckDB takes what follows for settings; choose another";
      throw failure("file.unusable", { action: "use", path: name, reason });
    }
    try {
      return new Database(await DuckDBInstance.create(path, { ...NO_EXTENSIONS, ...settings }), errors);
    } catch (error) {
      throw errors.translate(error);
    }
  }

  async connect(): Promise<DuckDBConnection> {
    const connection = await this.#instance.connect();
    const errors = this.#errors;
    const query = <T>(call: () => Promise<T>) => interruptibly(connection, errors, call);
    const append = <T>(call: () => T) => attempt(errors, call);
    return through(connection, {
      run: query,
      stream: async (call) => through(await query(call), { fetchChunk: query }),
      createAppender: async (call) => through(await query(call), { appendDataChunk: append, closeSync: append }),
    });
  }

  close(): void {
    this.#instance.closeSync();
  }
}

/** How the calls of some methods of an object are made. */
type Ways<T> = { readonly [M in keyof T]?: T[M] extends (...all: never[]) => infer R ? (call: () => R) => R : never };

/** The object, some of whose methods are called in the given ways from now on. */
function through<T extends object>(object: T, ways: Ways<T>): T {
  for (const [name, way] of Object.entries(ways) as [keyof T, (call: () => unknown) => unknown][]) {
    const method = object[name] as (...all: unknown[]) => unknown;
    object[name] = ((...all: unknown[]) => way(() => method.apply(object, all))) as T[keyof T];
  }
  return object;
}

async function interruptibly<T>(connection: DuckDBConnection, errors: ErrorsOf, call: () => Promise<T>): Promise<T> {
  const signal = currentSignal();
  signal?.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  const interrupt = () => {
    connection.interrupt();
    timer = setInterval(() => connection.interrupt(), INTERRUPT_EVERY);
  };
  signal?.addEventListener("abort", interrupt, { once: true });
  try {
    const result = await call();
    // A stream that is interrupted looks like one that came to its end.
    signal?.throwIfAborted();
    return result;
  } catch (error) {
    throw signal?.aborted ? signal.reason : errors.translate(error);
  } finally {
    signal?.removeEventListener("abort", interrupt);
    clearInterval(timer);
  }
}

function attempt<T>(errors: ErrorsOf, call: () => T): T {
  throwIfInterrupted();
  try {
    return call();
  } catch (error) {
    throw errors.translate(error);
  }
}

/** Runs `body` with a connection to an empty database in memory, which never spills to disk unless `settings` allow it. */
export async function withDuckDB<T>(
  body: (connection: DuckDBConnection) => Promise<T>,
  settings: Settings = { temp_directory: "" },
): Promise<T> {
  const database = await Database.open(settings);
  try {
    const connection = await database.connect();
    try {
      return await body(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    database.close();
  }
}

/**
 * Runs `body` with a fresh database in `folder`, for work that memory does not hold. DuckDB takes up to `memory` bytes,
 * then spills into the folder, which is removed in the end, whatever happens.
 * @param name what people call the place in which the folder lies
 * @throws UserError where disk or memory do not suffice, or a file of the database cannot be used
 */
export async function withWorkDatabase<T>(
  folder: string,
  memory: number,
  body: (connect: Connect) => Promise<T>,
  name = folder,
): Promise<T> {
  await mkdir(folder);
  const connections: DuckDBConnection[] = [];
  let database: Database | undefined;
  try {
    const flush = `${Math.max(1, Math.floor(memory / 2 ** 20 / FLUSH_SHARE))}MiB`;
    const settings = {
      temp_directory: join(folder, "spilled"),
      allocator_flush_threshold: flush,
      allocator_bulk_deallocation_flush_threshold: flush,
      memory_limit: `${Math.floor(memory / 2 ** 20)}MiB`,
      threads: String(Math.max(1, Math.min(availableParallelism(), Math.floor(memory / THREAD_BYTES)))),
    };
    const opened = await Database.open(settings, folder, name);
    database = opened;
    const first = await opened.connect();
    connections.push(first);
    // What is left in memory at the end is of no use: the folder goes.
    await first.run("PRAGMA disable_checkpoint_on_shutdown");
    return await body(async () => {
      const connection = await opened.connect();
      connections.push(connection);
      return connection;
    });
  } finally {
    for (const connection of connections) connection.closeSync();
    database?.close();
    await rm(folder, { recursive: true, force: true });
  }
}
