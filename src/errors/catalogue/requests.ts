/** Errors of requests to a trained model: for scores, or for a look inside. */
import type { Entries } from "../entry.ts";

export const requests = {
  "request.unknown-field": {
    status: 400,
    meaning: "A request names a field that the model does not have.",
    message: ({ kind, field, known }: { kind: string; field: string; known: string }) =>
      `unknown ${kind} field "${field}": the model knows ${known}`,
  },
  "request.time-field": {
    status: 400,
    meaning: "A request gives a value to a field that is made of its time.",
    message: ({ kind, field }: { kind: string; field: string }) =>
      `${kind} field "${field}" is not given by name: it is that of the request's "time"`,
  },
  "request.invalid": {
    status: 400,
    meaning: "A request lacks a key, has an unknown one, or a value of the wrong kind.",
    message: ({ problem }: { field: string; problem: string }) => problem,
  },
  "request.wrong-value": {
    status: 400,
    meaning: "A value of a request is not of the kind that is expected there.",
    message: ({ field, expected, found }: { field: string; expected: string; found: string }) =>
      `${field}: expected ${expected}, found ${found}`,
  },
  "request.nothing-exposed": {
    status: 422,
    meaning: "A model has no attention, or no states, to look at.",
    message: ({ model, field }: { model: string; field: string }) =>
      `model ${model}, as it is configured, has no ${field} to look at`,
  },
} satisfies Entries<"request">;
