/** The way to errors of free text, until every place that throws one takes it from the catalogue (`errors/failure.ts`). */
import { UserError as CataloguedError } from "./errors/failure.ts";

export { printable } from "./errors/printable.ts";

export class UserError extends CataloguedError<"uncatalogued"> {
  constructor(text: string) {
    super("uncatalogued", { text });
  }
}

Object.defineProperty(UserError, Symbol.hasInstance, {
  value(value: unknown): boolean {
    return this === UserError
      ? value instanceof CataloguedError
      : Function.prototype[Symbol.hasInstance].call(this, value);
  },
});
