/** Escaping and measuring text for markup: names of items and datasets come from users' files and are never trusted. */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Replaces characters that XML forbids (controls, lone surrogates, U+FFFE, U+FFFF) and line ends by spaces. */
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, " ");
}

/** Escapes text for HTML and SVG, between tags or in a quoted attribute. */
export function escapeMarkup(text: string): string {
  return clean(text).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** Cuts a text to at most `length` characters, the last of them an ellipsis where something was cut off. */
export function shorten(text: string, length: number): string {
  const characters = [...clean(text)];
  return characters.length <= length ? characters.join("") : `${characters.slice(0, length - 1).join("")}…`;
}

/** Estimates the width of a text in pixels, rather too wide than too narrow: there is no font to measure with. */
export function textWidth(text: string, fontSize: number): number {
  let ems = 0;
  for (const character of text) ems += character > "\u2e80" ? 1 : /[A-ZÀ-Þmw@%–—…<>=+~]/.test(character) ? 0.75 : 0.53;
  return Math.ceil(ems * fontSize);
}

/** A time, in milliseconds since 1970, to the minute in UTC: 2014-01-31 18:05. */
export function utcMinute(time: number): string {
  return new Date(time).toISOString().slice(0, -8).replace("T", " ");
}

/** Quotes a text as one word of a POSIX shell, if needed. */
export function shellWord(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
