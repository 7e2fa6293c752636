/** Work that is done one after the other, and rows of many callers that are written together. */

export class Turns {
  #latest: Promise<unknown> = Promise.resolve();

  /** Does `work` when all that came before is done. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#latest.then(work);
    this.#latest = done.catch(() => {});
    return done;
  }
}

/** While one group of rows is being written, the next gathers: one write, and one wait for the disk, serves all of it. */
export class Groups<Rows, Result> {
  readonly #turns: Turns;
  readonly #write: (group: readonly Rows[]) => Promise<readonly Result[]>;
  #gathering: Rows[] = [];
  #written: Promise<readonly Result[]> | undefined;

  /** @param write returns the result of each caller of a group */
  constructor(turns: Turns, write: (group: readonly Rows[]) => Promise<readonly Result[]>) {
    this.#turns = turns;
    this.#write = write;
  }

  /** What came of these rows. */
  async add(rows: Rows): Promise<Result> {
    const place = this.#gathering.push(rows) - 1;
    this.#written ??= this.#turns.take(async () => {
      const group = this.#gathering;
      this.#gathering = [];
      this.#written = undefined;
      return await this.#write(group);
    });
    return (await this.#written)[place];
  }
}
