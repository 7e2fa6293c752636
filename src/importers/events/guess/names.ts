/** Names of columns as words, and the names that fields get of them. */
import { RESERVED } from "../../../dataset/layout.ts";

/** Letters that Unicode does not take apart into a Latin one and a mark. */
const LETTERS: Readonly<Record<string, string>> = {
  ...{ ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", ł: "l", ı: "i", þ: "th", ħ: "h" },
};

/** The words of a name in lower case and Latin letters where they have one: `adClick`, `Größe (cm)`. */
export function wordsOf(column: string): string[] {
  const apart = column.replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, "$1 $2").normalize("NFKD");
  const latin = apart
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/\P{ASCII}/gu, (letter) => LETTERS[letter] ?? letter);
  return latin.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
}

/** A name without signs and in one word, as lists of known names have it. */
export function bare(column: string): string {
  return wordsOf(column).join("");
}

/** Of a field's name, which becomes that of a file. */
const MOST_LETTERS = 60;

/** Gives fields names that no two have and that features.yaml takes. */
export class FieldNames {
  /** Names that are taken, by fields of every dataset or beside those of any kind. */
  readonly #reserved = new Set(["user", "item", ...Object.values(RESERVED).flat()]);
  readonly #taken = new Set<string>();
  /** Of names that several columns come to: the first number that may be free. */
  readonly #next = new Map<string, number>();

  /** One name each; a column that is called as a field may be keeps its name, whatever comes to the same before it. */
  ofColumns(columns: readonly string[]): string[] {
    const kept = columns.map((column) => (column === plainName(column) ? this.#take(column) : undefined));
    return columns.map((column, index) => kept[index] ?? this.#take(plainName(column)));
  }

  /** `name`, or another where that is taken. */
  of(name: string, other: string): string {
    return this.#take(this.#taken.has(name) ? other : name);
  }

  #take(plain: string): string {
    let name = this.#reserved.has(plain) ? `log_${plain}` : plain;
    let number = this.#next.get(plain) ?? 2;
    for (; this.#taken.has(name); number++) name = `${plain}_${number}`;
    this.#next.set(plain, number);
    this.#taken.add(name);
    return name;
  }
}

function plainName(column: string): string {
  const plain = wordsOf(column)
    .join("_")
    .replace(/[^a-z0-9]+/g, "_");
  return plain.slice(0, MOST_LETTERS).replace(/^[_0-9]+|_+$/g, "") || "field";
}
