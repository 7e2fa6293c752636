/** How many lines of a stream are not blank: as many rows a file of values has, if no value runs over several. */

const LINE_END = 0x0a;
const RETURN = 0x0d;

export class LineCount {
  #lines = 0;
  /** Bytes of the line that has no end yet, as far as it is known that there are any but a \r. */
  #isBlank = true;

  /** Hands the stream on as it is. */
  async *over(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.#add(chunk);
      yield chunk;
    }
  }

  /** Of what has come by. */
  get lines(): number {
    return this.#lines + Number(!this.#isBlank);
  }

  #add(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, from)) {
      const isBlank = end === from || (end === from + 1 && chunk[from] === RETURN);
      if (!isBlank || !this.#isBlank) this.#lines++;
      this.#isBlank = true;
      from = end + 1;
    }
    const rest = chunk.length - from;
    if (rest > 1 || (rest === 1 && chunk[from] !== RETURN)) this.#isBlank = false;
  }
}
