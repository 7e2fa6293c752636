/** Errors of online experiments: of their definitions, of serving them, of plans. */
import { didYouMean } from "../../suggest.ts";
import type { Entries } from "../entry.ts";

export const ab = {
  "ab.invalid": {
    status: 422,
    exitCode: 2,
    meaning: "An online experiment is not defined as it must be.",
    message: ({ path, problem }: { path: string; problem: string }) => `${path}: ${problem}`,
  },
  "ab.unserved-arm": {
    status: 422,
    exitCode: 2,
    meaning: "An arm of an online experiment gets a model that is not served.",
    message: ({
      path,
      name,
      expected,
      found,
    }: {
      path: string;
      name: string;
      expected: readonly string[];
      found: string;
    }) =>
      `${path}: arm ${name} gets model "${found}", expected one that is served: ${expected.join(", ")}${didYouMean(found, expected)}`,
  },
  "ab.mismatched-arm": {
    status: 409,
    meaning: "Requests that the server takes would be refused by the model of an arm.",
    message: ({ path, name, problem }: { path: string; name: string; problem: string }) =>
      `${path}: requests would be refused by the model of arm ${name}: ${problem}`,
  },
  "ab.unknown-field": {
    status: 422,
    exitCode: 2,
    meaning: "An online experiment has a condition on a field that users do not have.",
    message: ({ path, field, known }: { path: string; field: string; known: readonly string[] }) =>
      `${path}: who.${field}: users have no such field, expected one of ${known.join(", ")}${didYouMean(field, known)}`,
  },
  "ab.needless-moves": {
    status: 409,
    meaning: "A new definition of an online experiment would move users whom it need not move.",
    message: ({ path, found, expected }: { path: string; found: string; expected: string }) =>
      `${path}: ${found} of all users would change arms, come or go without need; expected the weights of before in it: ${expected}`,
  },
  "ab.other-key": {
    status: 409,
    meaning: "A key of an online experiment cannot become another one while it is served.",
    message: ({ path, field, expected, found }: { path: string; field: string; expected: string; found: string }) =>
      `${path}: ${field}: expected ${expected} as long as this experiment runs, found ${found}; another experiment has another name, and begins with the server`,
  },
  "ab.none": {
    status: 404,
    meaning: "A server is asked about an online experiment, and runs none.",
    message: ({ name }: { name: string }) => `${name}: this server runs no experiment`,
  },
  "ab.no-rates": {
    status: 422,
    meaning: "A dataset cannot say how often users click: its impressions were drawn.",
    message: ({ path, protocol }: { path: string; protocol: string }) =>
      `${path} has no click rates: by its protocol, ${protocol}, what was not clicked was drawn and never shown`,
  },
  "ab.no-times": {
    status: 422,
    meaning: "A log has no times, so it is not known of how many days it is.",
    message: ({ path }: { path: string }) => `${path} has rows without times: of how many days is it?`,
  },
  "ab.wrong-log": {
    status: 422,
    meaning: "A file or folder does not say what users did.",
    message: ({ path, problem }: { path: string; problem: string }) => `${path}: ${problem}`,
  },
} satisfies Entries<"ab">;
