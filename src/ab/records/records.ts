/** Where exposures and outcomes are kept while a server answers. */
import type { NewExposure, NewOutcome } from "./rows.ts";

export interface RecordsOptions {
  /** Milliseconds after an exposure within which an outcome is put down to it. */
  readonly window: number;
  /** Milliseconds since 1970 (default: `Date.now`). It says when what is remembered of exposures and outcomes is forgotten. */
  readonly clock?: (() => number) | undefined;
  /** A file of newline-delimited JSON that is larger becomes Parquet (default: 64 MiB). */
  readonly rotateBytes?: number | undefined;
  /** So does one that is older, in seconds of the machine (default: an hour). */
  readonly rotateSeconds?: number | undefined;
}

/** What became of outcomes. */
export interface Recorded {
  /** New ones. */
  readonly added: number;
  /** Those whose ids were known; they are left as they were. */
  readonly known: number;
  /** Of the new ones those that no exposure of their user within the window explains. They are kept all the same. */
  readonly unattributed: number;
}

/** What has been recorded since the opening, and what has happened to it. */
export interface RecordCounts extends Recorded {
  readonly exposures: number;
  /** Exposures of requests whose ids were known; they are left as they were. */
  readonly knownExposures: number;
  /** Lines that a killed process left unfinished at the end of a file, and that were taken away. */
  readonly torn: number;
  /** Files that have become Parquet, and attempts of that which failed. */
  readonly rotated: number;
  readonly rotationsFailed: number;
}

/** What was recorded of a request. */
export interface RecordedRequest {
  readonly experiment: string;
  readonly arm: string;
  readonly user: string;
}

/** All methods reject with UserError where the disk fails or the records were closed. */
export interface Records {
  /**
   * Records what one answer shows: rows of one request, in the order of their positions. When it resolves they survive a
   * kill of the process; within a second, and before any outcome that follows them is acknowledged, a loss of power too.
   * A request that is known, such as one that a client has sent again, is recorded once.
   * @param isNew that no request of this id can have come before: then nobody looks (default: false)
   */
  expose(rows: readonly NewExposure[], isNew?: boolean): Promise<void>;
  /** What is recorded of the request of an id; ids are known for at least two windows. */
  request(id: string): Promise<RecordedRequest | undefined>;
  /** Records outcomes; they are on the disk when it resolves. */
  outcome(rows: readonly NewOutcome[]): Promise<Recorded>;
  /** Makes Parquet of all that is there. */
  rotate(): Promise<void>;
  counts(): RecordCounts;
  /** Waits for what is under way, then makes Parquet of all that is there. */
  close(): Promise<void>;
}
