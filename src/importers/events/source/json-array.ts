/**
 * JSON arrays as lines, one a member, so that they are read as NDJSON is. Only where members begin and end is decided
 * here; whether each is an object, and sound, is for the reader of the lines.
 */

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
const [LINE_END, SPACE] = [0x0a, 0x20];
/** What makes a member broken: no JSON has it outside of strings, and none bare within them. */
const BROKEN = 0x01;

const isSpace = (byte: number) => byte === SPACE || (byte >= 0x09 && byte <= 0x0d && byte !== 0x0b && byte !== 0x0c);

/**
 * The members of an array, or of several one after another. Each missing one (between two commas, before a closing
 * bracket, where the file is cut off) becomes a line that is no JSON, as what is outside of arrays does. A line end
 * within a string, where none may be, ends the string, so that what follows is not lost in it.
 */
export async function* memberLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  /** 0 outside of arrays, 1 between or in bare members, more in nested values. */
  let depth = 0;
  /** Whether a bracket has begun what `depth` is of. */
  let isArray = false;
  let isString = false;
  let isEscaped = false;
  /** Whether a member has begun, and whether one has to follow a comma. */
  let hasBegun = false;
  let isExpected = false;
  for await (const chunk of chunks) {
    // A byte becomes two at most: one that begins a broken line stands before it.
    const lines = Buffer.allocUnsafe(2 * chunk.length + 2);
    let length = 0;
    const put = (byte: number) => {
      lines[length++] = byte;
    };
    const endLine = () => {
      if (!hasBegun) put(BROKEN);
      put(LINE_END);
      hasBegun = false;
    };
    for (const byte of chunk) {
      if (isString) {
        if (byte === LINE_END) {
          put(BROKEN);
          isString = false;
        } else put(byte);
        if (byte === QUOTE && !isEscaped) isString = false;
        isEscaped = byte === BACKSLASH && !isEscaped;
        continue;
      }
      if (isSpace(byte)) {
        if (hasBegun) put(SPACE);
        continue;
      }
      if (depth === 0 && !hasBegun && byte === OPEN_LIST) {
        depth = 1;
        isArray = true;
        continue;
      }
      if (depth === 0 && !hasBegun) {
        // Neither an array nor anything else that there may be: one line of what follows.
        put(BROKEN);
        hasBegun = true;
        depth = 1;
        isArray = false;
      }
      if (depth === 1 && (byte === COMMA || byte === CLOSE_LIST)) {
        const isEnd = byte === CLOSE_LIST;
        if (hasBegun || isExpected || !isEnd) endLine();
        isExpected = !isEnd;
        if (isEnd) depth = 0;
        continue;
      }
      hasBegun = true;
      put(byte);
      if (byte === QUOTE) isString = true;
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) depth++;
      else if ((byte === CLOSE_LIST || byte === CLOSE_OBJECT) && depth > 1) depth--;
    }
    if (length > 0) yield lines.subarray(0, length);
  }
  // An array that does not end has lost what followed: the rest of a member, or the next one.
  if (hasBegun) yield Buffer.of(LINE_END);
  if (depth === 1 && isArray) yield Buffer.of(BROKEN, LINE_END);
}
