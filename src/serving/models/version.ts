/** One version of a model: what a run held at a moment, with threads of its own. */
import { calibrateWith } from "../../calibration/calibrator.ts";
import type { Machine } from "../../engine/machine.ts";
import { loadFinalWeights, weightTensors } from "../../engine/state.ts";
import { Workspace } from "../../engine/workspace.ts";
import { failure } from "../../errors/failure.ts";
import { readCalibration } from "../../run/calibration.ts";
import { readModelDescription, type StoredModel } from "../../run/model-folder.ts";
import { weightsSha256InTurns } from "../../run/sha256.ts";
import type { ScoringListener } from "../../scoring/pool/events.ts";
import { ScoringPool } from "../../scoring/pool/pool.ts";
import type { Memories } from "./memories.ts";
import { mismatchOf } from "./mismatch.ts";
import { warm } from "./warm.ts";

/** What all versions of all models are opened with. */
export interface VersionOptions extends Machine {
  readonly memories: Memories;
  readonly mostWaiting: number;
}

/** What makes a score. */
export interface ScoredBy {
  /** SHA-256 of the weights. */
  readonly version: string;
  /** SHA-256 of the calibration that probabilities go through; absent where they are the model's own. */
  readonly calibration?: string;
}

/** What a version is read from. */
export interface ServedRun {
  readonly run: string;
  /** Whether its probabilities are calibrated, as the run says. */
  readonly calibrated: boolean;
}

export class Version {
  readonly description: StoredModel;
  /** SHA-256 of the weights, as training reports it. */
  readonly sha256: string;
  readonly by: ScoredBy;
  readonly pool: ScoringPool;
  readonly #workspace: Workspace;
  readonly #memories: Memories;
  #isClosed = false;

  private constructor(
    description: StoredModel,
    sha256: string,
    calibration: string | undefined,
    pool: ScoringPool,
    workspace: Workspace,
    memories: Memories,
  ) {
    this.description = description;
    this.sha256 = sha256;
    this.by = { version: sha256, ...(calibration && { calibration }) };
    this.pool = pool;
    this.#workspace = workspace;
    this.#memories = memories;
  }

  /**
   * Reads a run and checks what it reads, starts its threads, and warms them.
   * @param from the run, and whether its scores are calibrated
   * @param served what it is to take the place of, where there is anything
   * @returns undefined where the run still holds `served`
   * @throws UserError where the run cannot be read or is damaged, cannot take that place, or does not score
   */
  static async open(
    name: string,
    { run, calibrated }: ServedRun,
    { memories, mostWaiting, ...machine }: VersionOptions,
    tell: (version: string) => ScoringListener,
    served?: Version,
  ): Promise<Version | undefined> {
    const description = await readModelDescription(run);
    const { schema, config } = description;
    const problem = served && mismatchOf(served.description, description);
    if (problem !== undefined) throw failure("served.mismatched", { name, path: run, problem });
    const options = { schema, config, training: false, requests: true, ...machine };
    const workspace = new Workspace(options, (bytes) => memories.take(bytes));
    const giveBack = () => memories.give(workspace.memory.memory);
    let pool: ScoringPool | undefined;
    try {
      await loadFinalWeights(run, workspace, description.sha256);
      const sha256 = await weightsSha256InTurns(weightTensors(workspace));
      const calibration = calibrated ? await readCalibration(run, sha256) : undefined;
      const isSameModel = served?.sha256 === sha256 && served.description.sha256 === description.sha256;
      if (isSameModel && served.by.calibration === calibration?.sha256) {
        giveBack();
        return undefined;
      }
      const listener = tell(sha256);
      let isWarm = false;
      const onEvent: ScoringListener = (event) => isWarm && listener(event);
      const calibrate = calibration && calibrateWith(calibration);
      pool = await ScoringPool.start(description, workspace, { name, mostWaiting, calibrate, onEvent });
      await warm(run, pool, description, machine.threads);
      isWarm = true;
      return new Version(description, sha256, calibration?.sha256, pool, workspace, memories);
    } catch (error) {
      await pool?.close();
      giveBack();
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Answers what it has begun, then ends its threads and gives its memory back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.pool.close();
    this.#memories.give(this.#workspace.memory.memory);
  }
}
