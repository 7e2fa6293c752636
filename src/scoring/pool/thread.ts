/** A thread that scores, seen from the main thread. */
import { Worker } from "node:worker_threads";
import type { Workspace } from "../../engine/workspace.ts";
import { failure, type UserError } from "../../errors/failure.ts";
import type { Exposed, ExposedName } from "../exposed.ts";
import { ENDED, EXPLAINING, SCORING, ScoringSlot, STARTING } from "./slot.ts";
import type { ThreadStart } from "./worker.ts";

export class ScoringThread {
  /** Where the main thread writes requests while nothing is scored. */
  readonly slot: ScoringSlot;
  /** The error for those whose requests it had, whenever and however it ends. */
  readonly ended: Promise<UserError<"scoring.thread-ended">>;
  readonly #worker: Worker;

  /**
   * Starts it.
   * @param name of the model, for errors
   * @param number among the threads of the workspace; no other living one has it
   */
  constructor(name: string, { options, memory }: Workspace, number: number) {
    const shared = ScoringSlot.allocate(options.schema);
    this.slot = new ScoringSlot(options.schema, shared);
    const workerData: ThreadStart = { options, memory: memory.memory, slot: shared, thread: number };
    // Flags of the parent, like --input-type of `node -e`, are not for a worker.
    const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData, execArgv: [] });
    this.#worker = worker;
    this.ended = new Promise((resolve) => {
      let error: Error | undefined;
      worker.on("error", (thrown) => {
        error = thrown;
      });
      worker.on("exit", (code) => {
        resolve(failure("scoring.thread-ended", { name, reason: error?.message || `exit code ${code}` }, error));
        this.slot.end();
      });
    });
  }

  /** Undefined when it is ready; the error where it ends instead. */
  async started(): Promise<UserError<"scoring.thread-ended"> | undefined> {
    await this.slot.leaves(STARTING);
    return this.slot.state === ENDED ? await this.ended : undefined;
  }

  /** Scores the first `count` requests of the slot, into its probabilities. @throws UserError where the thread ends instead */
  async score(count: number): Promise<void> {
    this.slot.give(SCORING, count);
    await this.#leaves(SCORING);
  }

  /** The same for the first one, which has one candidate; returns what the model exposes, or the name of what it does not. */
  async explain(): Promise<Exposed | ExposedName> {
    const message = new Promise<Exposed | ExposedName>((resolve) => this.#worker.once("message", resolve));
    this.slot.give(EXPLAINING, 1);
    await this.#leaves(EXPLAINING);
    return await message;
  }

  /** Ends it; what it does is lost. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  async #leaves(state: typeof SCORING | typeof EXPLAINING): Promise<void> {
    await this.slot.leaves(state);
    if (this.slot.state === ENDED) throw await this.ended;
  }
}
