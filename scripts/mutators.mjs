/**
 * One-line mutants of a TypeScript source, for scripts/mutate.mjs. The formatter puts spaces around binary operators and
 * none into generics, and one statement on a line: that is enough to find what can be changed without a parser.
 */

/**
 * Text for text, at each place where the pattern is found outside of comments and strings. An entry with several
 * replacements makes several mutants.
 */
const REPLACEMENTS = [
  // Comparisons: the boundary, and the opposite.
  [/ < /g, [" <= ", " >= "]],
  [/ <= /g, [" < "]],
  [/ > /g, [" >= ", " <= "]],
  [/ >= /g, [" > "]],
  [/ === /g, [" !== "]],
  [/ !== /g, [" === "]],
  [/ && /g, [" || "]],
  [/ \|\| /g, [" && "]],
  // Arithmetic.
  [/ \+ /g, [" - "]],
  [/ - /g, [" + "]],
  [/ \* /g, [" / "]],
  [/ \/ /g, [" * "]],
  [/ \+= /g, [" -= ", " = "]],
  [/ -= /g, [" += "]],
  [/ \*= /g, [" /= "]],
  [/\+\+/g, ["--"]],
  [/\bMath\.min\b/g, ["Math.max"]],
  [/\bMath\.max\b/g, ["Math.min"]],
  [/\bMath\.floor\b/g, ["Math.ceil"]],
  [/\bMath\.ceil\b/g, ["Math.floor"]],
  // Constants and flags.
  [/(?<![\w.$])0(?![\w.])/g, ["1"]],
  [/(?<![\w.$])1(?![\w.])/g, ["0", "2"]],
  [/(?<![\w.$])(?:[2-9]|[1-9]\d+)(?![\w.])/g, [(number) => String(Number(number) + 1)]],
  [/(?<![\w.$])\d+\.\d+(?:e-?\d+)?(?!\w)/g, [(number) => String(Number(number) / 2)]],
  [/\btrue\b/g, ["false"]],
  [/\bfalse\b/g, ["true"]],
  [/\baccumulate\w*(?=[,)])/g, ["0", "1"]],
  [/\b(?:tape|this)\.claim\(\w+\)/g, ["0", "1"]],
  // Lengths and conditions.
  [/\.length\b/g, [".length - 1"]],
  [/(?<=\b(?:if|while) \()(.+)(?=\) (?:\{|\w.*;)$)/g, [(condition) => `!(${condition})`]],
  [/(?<=(?:return|=|\() ?)!(?=[\w#.]+)/g, [""]],
];

/** A statement that stands alone on its line: a call, an assignment, or a jump under a condition. */
const STATEMENT =
  /^\s*(?:await )?(?:[\w.#[\]?]+\(.*\)|[\w.#[\]!]+ (?:=|\+=|-=|\*=) .*|[\w.#[\]]+\+\+|if \(.*\) (?:continue|return.*|break|throw .*));$/;

/** Lines that declare rather than do. */
const DECLARATION = /^\s*(?:import|export \*|export \{|type|export type|interface|export interface|readonly|} from)\b/;

/** The source with the same length, comments and contents of strings as spaces: patterns find nothing in them. */
function mask(source) {
  const out = [...source];
  let i = 0;
  const blank = (to) => {
    for (; i < to; i++) if (source[i] !== "\n") out[i] = " ";
  };
  const endOf = (text) => {
    const at = source.indexOf(text, i + text.length);
    return at < 0 ? source.length : at + text.length;
  };
  while (i < source.length) {
    const rest = source.slice(i, i + 2);
    if (rest === "//") blank(source.indexOf("\n", i));
    else if (rest === "/*") blank(endOf("*/"));
    else if (rest[0] === '"' || rest[0] === "'" || rest[0] === "`") blank(endOfQuoted(source, i));
    else if (rest[0] === "/" && /[=(,:![&|?]\s*$/.test(source.slice(Math.max(0, i - 3), i)))
      blank(endOfQuoted(source, i));
    else i++;
  }
  return out.join("");
}

/** Behind the closing quote, or slash of a regular expression, of what begins at `start`. */
function endOfQuoted(source, start) {
  for (let i = start + 1; i < source.length; i++) {
    if (source[i] === "\\") i++;
    else if (source[i] === source[start]) return i + 1;
  }
  return source.length;
}

/** All mutants: the line's number from 1, its text, and the text that takes its place. */
export function mutantsOf(source) {
  const lines = source.split("\n");
  const masked = mask(source).split("\n");
  return lines.flatMap((before, i) => {
    if (DECLARATION.test(before)) return [];
    const found = new Set();
    for (const [pattern, replacements] of REPLACEMENTS) {
      for (const match of masked[i].matchAll(pattern)) {
        const end = match.index + match[0].length;
        const text = before.slice(match.index, end);
        for (const replacement of replacements) {
          const instead = typeof replacement === "string" ? replacement : replacement(text);
          found.add(before.slice(0, match.index) + instead + before.slice(end));
        }
      }
    }
    if (STATEMENT.test(before)) found.add("");
    found.delete(before);
    return [...found].map((after) => ({ line: i + 1, before, after }));
  });
}
