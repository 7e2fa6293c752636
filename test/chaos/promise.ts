/** What a trial of the chaos is, and how it fails. */
import type { Chance } from "./faults.ts";

/** Why a promise does not hold. */
export class Broken extends Error {}

export interface Tally {
  commands: number;
  kills: number;
  signals: number;
  /** Commands that ended with an error of one line. */
  refusals: number;
}

export interface Scene {
  /** Runs a trial in an empty folder. @throws Broken */
  trial(folder: string, chance: Chance, tally: Tally): Promise<void>;
}
