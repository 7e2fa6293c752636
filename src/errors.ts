/** A mistake of the person at the keyboard or in what they gave: told in one line, without a stack trace. */
export class UserError extends Error {
  override readonly name = "UserError";
}
