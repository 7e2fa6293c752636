/**
 * What the command line adds to an error: which option or command mends it. The catalogue knows neither, because a caller
 * of the library and a client of a server have none.
 */
import type { Code, ValuesOf } from "../errors/catalogue/catalogue.ts";
import type { UserError } from "../errors/failure.ts";
import { printable } from "../errors/printable.ts";

type Hints = { readonly [C in Code]?: (values: ValuesOf<C>) => string };

export const hints: Hints = {
  "file.no-room": () => "allow more --memory, or choose an --out on a larger disk",
};

/** An error in one line, as the command line prints it. */
export function errorLine({ code, values, message }: UserError): string {
  const hint: ((values: never) => string) | undefined = hints[code];
  return printable(`error: ${message}${hint === undefined ? "" : `; ${hint(values as never)}`}`);
}
