/** The behaviours' store: what it holds, how long it takes, and how it fails. */
import { setTimeout as sleep } from "node:timers/promises";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { StoredEvent } from "../../store/event.ts";
import type { Added, HistoryQuery } from "../../store/history.ts";
import type { StoreSize } from "../../store/records.ts";
import type { BehaviourStore } from "../../store/store.ts";
import { asRefusal } from "../refusal.ts";

const SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10];
/** Milliseconds that a scrape waits for a store to say how much it holds. */
const PATIENCE = 2000;

type StoreOperation = "append" | "history" | "erase" | "size";

/** A store that is measured; everything is passed on. */
export class MeasuredStore implements BehaviourStore {
  readonly #store: BehaviourStore;
  readonly #durations: Histogram<"operation">;
  readonly #errors: Counter<"operation" | "code">;
  readonly #appended: Counter<"result">;
  readonly #up: Gauge;
  readonly #size: Readonly<Record<keyof StoreSize, Gauge>>;

  constructor(registry: Registry, store: BehaviourStore) {
    const registers = [registry];
    this.#store = store;
    this.#durations = new Histogram({
      name: "dien_store_operation_duration_seconds",
      help: "Time that the store took, failures included.",
      labelNames: ["operation"],
      buckets: SECONDS,
      registers,
    });
    this.#errors = new Counter({
      name: "dien_store_errors_total",
      help: "Operations of the store that failed, by the code of the error.",
      labelNames: ["operation", "code"],
      registers,
    });
    this.#appended = new Counter({
      name: "dien_store_appended_events_total",
      help: "Events that were added, were known already, or fell out as the oldest of their user.",
      labelNames: ["result"],
      registers,
    });
    this.#up = new Gauge({
      name: "dien_store_up",
      help: "1 where the store answered the question how much it holds, 0 where it did not.",
      registers,
    });
    const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
    this.#size = {
      users: gauge("dien_store_users", "Users of whom the store has behaviours."),
      events: gauge("dien_store_events", "Behaviours that the store has."),
      bytes: gauge("dien_store_bytes", "Bytes that the store takes, where it knows."),
    };
  }

  get most(): number {
    return this.#store.most;
  }

  async append(events: readonly StoredEvent[]): Promise<Added> {
    const results = await this.#measured("append", () => this.#store.append(events));
    this.#appended.inc({ result: "added" }, results.added);
    this.#appended.inc({ result: "known" }, results.known);
    this.#appended.inc({ result: "dropped" }, results.dropped);
    return results;
  }

  history(user: string, query: HistoryQuery): Promise<readonly StoredEvent[]> {
    return this.#measured("history", () => this.#store.history(user, query));
  }

  erase(user: string): Promise<number> {
    return this.#measured("erase", () => this.#store.erase(user));
  }

  size(): Promise<StoreSize> {
    return this.#measured("size", () => this.#store.size());
  }

  all(): AsyncIterable<readonly StoredEvent[]> {
    return this.#store.all();
  }

  compact(): Promise<void> {
    return this.#store.compact();
  }

  check(): Promise<void> {
    return this.#store.check();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /** Asks the store how much it holds. */
  async refresh(): Promise<void> {
    const late = new AbortController();
    const size = await Promise.race([
      this.size().catch(() => undefined),
      sleep(PATIENCE, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
    this.#up.set(size === undefined ? 0 : 1);
    for (const key of ["users", "events", "bytes"] as const) {
      if (size?.[key] === undefined) this.#size[key].remove();
      else this.#size[key].set(size[key]);
    }
  }

  async #measured<T>(operation: StoreOperation, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } catch (error) {
      this.#errors.inc({ operation, code: asRefusal(error).code });
      throw error;
    } finally {
      this.#durations.observe({ operation }, (performance.now() - start) / 1000);
    }
  }
}
