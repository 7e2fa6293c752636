/** "did you mean": the known word nearest to a mistyped one. */

/** Most edits that still count as a slip of the fingers: a third of the letters of a word, of a dotted key of its last part. */
const slips = (typed: string) => Math.max(1, Math.floor(lastPart(typed).length / 3));

const lastPart = (key: string) => key.slice(key.lastIndexOf(".") + 1);

/** What an error says of a key that is none of the known ones. */
export function unknownKey(key: string, known: Iterable<string>): string {
  return `unknown key '${key}'${didYouMean(key, known)}`;
}

/**
 * `; did you mean 'WORD'?`, or nothing where no known word is near. A dotted key typed without its section
 * ("epochs" for "train.epochs") is near.
 */
export function didYouMean(typed: string, known: Iterable<string>): string {
  let nearest: string | undefined;
  let least = slips(typed) + 1;
  for (const word of known) {
    const edits = Math.min(
      distance(typed, word),
      typed.includes(".") ? Number.POSITIVE_INFINITY : distance(typed, lastPart(word)),
    );
    if (edits < least) {
      least = edits;
      nearest = word;
    }
  }
  return nearest === undefined ? "" : suggestion([nearest]);
}

/** How an error ends that knows what may have been meant. */
export function suggestion(words: readonly string[]): string {
  return `; did you mean ${words.map((word) => `'${word}'`).join(" or ")}?`;
}

/** Insertions, deletions and substitutions that make b of a (Levenshtein 1966). */
export function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substituted, previous[j] + 1, row[j - 1] + 1));
    }
    previous = row;
  }
  return previous[b.length];
}
