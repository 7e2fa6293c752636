/** The latest keys, of which older ones are forgotten: for what is dear to look up, and may be looked up again. */
export class RecentKeys {
  readonly #most: number;
  #latest = new Set<string>();
  #before = new Set<string>();

  /** @param most keys of one generation; at most two are kept */
  constructor(most: number) {
    this.#most = most;
  }

  has(key: string): boolean {
    if (this.#latest.has(key)) return true;
    if (!this.#before.has(key)) return false;
    this.add(key);
    return true;
  }

  add(key: string): void {
    if (this.#latest.size >= this.#most) {
      this.#before = this.#latest;
      this.#latest = new Set();
    }
    this.#latest.add(key);
  }
}
