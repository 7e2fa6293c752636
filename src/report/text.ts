/** Text on its way into markup: names of items and datasets come from other people's files, so nothing is taken as it is. */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** What XML forbids (control characters, halves of surrogate pairs, U+FFFE and U+FFFF), and line ends, become spaces. */
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, " ");
}

/** Text for HTML and SVG, between tags or in a quoted attribute. */
export function escapeMarkup(text: string): string {
  return clean(text).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** At most `length` characters, the last of them an ellipsis where something was cut off. */
export function shorten(text: string, length: number): string {
  const characters = [...clean(text)];
  return characters.length <= length ? characters.join("") : `${characters.slice(0, length - 1).join("")}…`;
}

/** Roughly how wide a text is in pixels, erring to the wide side: there is no font to measure with. */
export function textWidth(text: string, fontSize: number): number {
  let ems = 0;
  for (const character of text) ems += character > "\u2e80" ? 1 : /[A-ZÀ-Þmw@%–—…<>=+~]/.test(character) ? 0.75 : 0.53;
  return Math.ceil(ems * fontSize);
}

/** A word that a POSIX shell reads as it is. */
export function shellWord(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
