/**
 * A parser of Python literals, as `repr` prints them: the metadata of the 2014 Amazon dumps has one dict per line.
 * (https://docs.python.org/3/reference/lexical_analysis.html#literals)
 *
 * Read as Python 3 would: dicts, lists, tuples, strings with every escape (the u prefix of Python 2 is allowed),
 * decimal, hexadecimal, octal and binary integers (the L of Python 2 is allowed), floats, True, False, None. Refused:
 * what `repr` never prints (names of characters \N{...}, joined, raw and triple-quoted strings, comments), bytes, sets,
 * complex numbers, and every expression. Nothing is ever evaluated.
 */

export type PythonKey = string | number | bigint | boolean | null;
/** Dicts become maps, lists and tuples arrays, integers beyond 2^53 bigints. */
export type PythonValue = PythonKey | PythonValue[] | Map<PythonKey, PythonValue>;

/** Where and why a text is no Python literal; `position` counts characters from 0. */
export class PythonLiteralError extends Error {
  readonly position: number;

  constructor(reason: string, position: number) {
    super(`${reason} at character ${position + 1}`);
    this.name = "PythonLiteralError";
    this.position = position;
  }
}

/** Nesting that is refused before the stack could overflow; the dumps nest three deep. */
const MAX_DEPTH = 200;

const NUMBER =
  /(?:0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|((?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)|0+|[1-9]\d*)/y;
const WORD = /[A-Za-z_][A-Za-z_0-9]*/y;
const SPACE = /[ \t\r\n\f]*/y;

const NAMED: ReadonlyMap<string, PythonKey> = new Map([
  ["True", true],
  ["False", false],
  ["None", null],
]);

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\n": "",
};

/** Digits of the escapes that give a character's number. */
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** The value of a Python literal, with nothing before or after it but white space. @throws PythonLiteralError */
export function parsePythonLiteral(text: string): PythonValue {
  const parser = new Parser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): PythonValue {
    if (depth > MAX_DEPTH) throw this.#error(`more than ${MAX_DEPTH} levels`);
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case "'":
      case '"':
        return this.#string();
      case "{":
        return this.#dict(depth);
      case "[":
        this.#at++;
        return this.#items("]", depth).values;
      case "(":
        return this.#tuple(depth);
      case undefined:
        throw this.#error("a value was expected, found the end");
      default:
        return this.#scalar();
    }
  }

  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#error(`the end was expected, found ${this.#found()}`);
  }

  #dict(depth: number): Map<PythonKey, PythonValue> {
    const dict = new Map<PythonKey, PythonValue>();
    this.#at++;
    while (!this.#take("}")) {
      if (dict.size > 0) this.#expect(",", "}");
      if (dict.size > 0 && this.#take("}")) break;
      const start = this.#at;
      const key = this.value(depth + 1);
      if (typeof key === "object" && key !== null) throw this.#error("a key must be a string, number or name", start);
      this.#expect(":");
      dict.set(key, this.value(depth + 1));
    }
    return dict;
  }

  /** A tuple, or a value in parentheses. */
  #tuple(depth: number): PythonValue {
    this.#at++;
    const { values, commas } = this.#items(")", depth);
    return values.length === 1 && commas === 0 ? values[0] : values;
  }

  /** Values up to `close`, a comma after the last one allowed. */
  #items(close: string, depth: number): { values: PythonValue[]; commas: number } {
    const values: PythonValue[] = [];
    let commas = 0;
    while (!this.#take(close)) {
      if (values.length > 0) {
        this.#expect(",", close);
        commas++;
        if (this.#take(close)) break;
      }
      values.push(this.value(depth + 1));
    }
    return { values, commas };
  }

  #string(): string {
    const text = this.#text;
    const quote = text[this.#at];
    const start = this.#at + 1;
    const end = text.indexOf(quote, start);
    const plain = end < 0 ? text.slice(start) : text.slice(start, end);
    if (end >= 0 && !plain.includes("\\") && !plain.includes("\n")) {
      this.#at = end + 1;
      return plain;
    }
    let out = "";
    let from = start;
    for (let at = start; at < text.length; at++) {
      const char = text[at];
      if (char === quote) {
        this.#at = at + 1;
        return out + text.slice(from, at);
      }
      if (char === "\n") break;
      if (char === "\\") {
        out += text.slice(from, at);
        this.#at = at;
        out += this.#escape();
        from = this.#at;
        at = from - 1;
      }
    }
    throw this.#error("a string without an end", start - 1);
  }

  /** The character that a backslash begins; leaves the place after it. */
  #escape(): string {
    const text = this.#text;
    const start = this.#at;
    const letter = text[start + 1];
    if (letter === undefined) throw this.#error("a string without an end", start);
    const simple = ESCAPES[letter];
    if (simple !== undefined) {
      this.#at = start + 2;
      return simple;
    }
    const width = HEX_DIGITS[letter];
    if (width !== undefined) {
      const digits = text.slice(start + 2, start + 2 + width);
      const code = digits.length === width && /^[0-9a-fA-F]+$/.test(digits) ? Number.parseInt(digits, 16) : -1;
      if (code < 0 || code > 0x10ffff) throw this.#error(`\\${letter} needs ${width} digits of a character`, start);
      this.#at = start + 2 + width;
      return String.fromCodePoint(code);
    }
    if (letter >= "0" && letter <= "7") {
      const digits = /^[0-7]{1,3}/.exec(text.slice(start + 1, start + 4))![0];
      this.#at = start + 1 + digits.length;
      return String.fromCharCode(Number.parseInt(digits, 8));
    }
    if (letter === "N") throw this.#error("names of characters (\\N) are not supported", start);
    // Python keeps the backslash of an escape it does not know.
    this.#at = start + 2;
    return `\\${letter}`;
  }

  #scalar(): PythonValue {
    const text = this.#text;
    const start = this.#at;
    const sign = text[start];
    if (sign === "-" || sign === "+") {
      this.#at++;
      this.#skipSpace();
      const number = this.#number();
      return sign === "-" ? -number : number;
    }
    WORD.lastIndex = start;
    const word = WORD.exec(text)?.[0];
    if (word === undefined) return this.#number();
    this.#at += word.length;
    const named = NAMED.get(word);
    if (named !== undefined) return named;
    const next = text[this.#at];
    if ((word === "u" || word === "U") && (next === "'" || next === '"')) return this.#string();
    throw this.#error(`a value was expected, found ${word}`, start);
  }

  #number(): number | bigint {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) throw this.#error(`a value was expected, found ${this.#found()}`);
    const [digits, float] = match;
    const start = this.#at;
    this.#at += digits.length;
    if (float === undefined && this.#text[this.#at] === "L") this.#at++;
    const after = this.#text[this.#at];
    if (after !== undefined && /[\w.]/.test(after)) throw this.#error("no number that is known here", start);
    const value = Number(digits);
    return float !== undefined || Number.isSafeInteger(value) ? value : BigInt(digits);
  }

  #take(char: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #expect(char: string, or?: string): void {
    if (this.#take(char)) return;
    throw this.#error(`${char}${or === undefined ? "" : ` or ${or}`} was expected, found ${this.#found()}`);
  }

  #skipSpace(): void {
    // Most values follow one blank or none.
    if (this.#text[this.#at] === " ") this.#at++;
    const code = this.#text.charCodeAt(this.#at);
    if (code > 32 || Number.isNaN(code)) return;
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.#text)![0].length;
  }

  #found(): string {
    const char = this.#text[this.#at];
    return char === undefined ? "the end" : JSON.stringify(char);
  }

  #error(reason: string, position = this.#at): PythonLiteralError {
    return new PythonLiteralError(reason, position);
  }
}
