/** Where the time of a request goes. */

export const STAGES = ["read", "store", "queue", "encode", "score", "record", "answer"] as const;

/**
 * `read`: the body arrives and is checked; `store`: stored behaviours are read or written; `queue`: it waits for a thread;
 * `encode`: values become ids; `score`: a thread replays the model; `record`: what is shown under an
 * experiment is recorded; `answer`: JSON is written.
 */
export type Stage = (typeof STAGES)[number];

/** A stage that is over, as `performance.now()` tells the time. A request may have several of a kind, some of them at once. */
export interface StageTime {
  readonly stage: Stage;
  readonly start: number;
  readonly end: number;
}

export type OnStage = (stage: Stage, start: number, end: number) => void;

/** What `work` gives, or throws; how long it took is told as that of a stage. */
export async function timed<T>(onStage: OnStage, stage: Stage, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    onStage(stage, start, performance.now());
  }
}
