/** A mistake of the person at the keyboard or in what they gave: told in one line, without a stack trace. */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** Text from a file or command line, fit for a terminal: on one line and without control characters. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
