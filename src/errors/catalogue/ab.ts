/** Errors of online experiments: of their definitions, of serving them, of plans, of what was recorded. */
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
  "ab.no-files": {
    status: 404,
    meaning: "A folder holds no files of what should be read of an experiment.",
    message: ({ path, name }: { path: string; name: string }) =>
      `${path} holds no files ${name}-*.ndjson, .csv or .parquet; for files with other names give a pattern`,
  },
  "ab.no-column": {
    status: 422,
    meaning: "A column that is said to be called otherwise is in no file.",
    message: ({ name, column }: { name: string; column: string }) => `no file has the column ${column} for ${name}`,
  },
  "ab.no-attribution": {
    status: 422,
    meaning: "Outcomes say neither which impression they follow nor whose they are.",
    message: ({ path }: { path: string }) => `${path}: expected a column impression or user, found neither`,
  },
  "ab.no-field": {
    status: 422,
    meaning: "Users have no field by which they should be told apart.",
    message: ({ path, field, known }: { path: string; field: string; known: readonly string[] }) =>
      `${path}: no impression has the field ${field}${among("fields", known)}`,
  },
  "ab.several": {
    status: 422,
    meaning: "Files hold several experiments, and it was not said which one is meant.",
    message: ({ path, names }: { path: string; names: readonly string[] }) =>
      `${path}: expected one experiment, found ${names.join(", ")}`,
  },
  "ab.absent": {
    status: 404,
    meaning: "Files hold other experiments than the one that is meant.",
    message: ({ path, expected, found }: { path: string; expected: string; found: readonly string[] }) =>
      `${path}: expected the experiment ${expected}, found ${found.join(", ")}`,
  },
  "ab.arms": {
    status: 422,
    meaning: "Impressions are of too few or too many arms to be compared.",
    message: ({ path, names }: { path: string; names: readonly string[] }) =>
      `${path}: expected two arms or more, at most 100, found ${names.length === 0 ? "none" : names.join(", ")}`,
  },
  "ab.no-weight": {
    status: 422,
    exitCode: 2,
    meaning: "Arms are given weights, and some of them none.",
    message: ({ path, names }: { path: string; names: readonly string[] }) =>
      `${path}: expected a weight above 0 of every arm, found none of ${names.join(", ")}`,
  },
  "ab.unknown-arm": {
    status: 422,
    meaning: "An arm is named that is none of the experiment's.",
    message: ({ path, arm, known }: { path: string; arm: string; known: readonly string[] }) =>
      `${path}: there is no arm ${arm}, arms are ${known.join(", ")}${didYouMean(arm, known)}`,
  },
} satisfies Entries<"ab">;

const among = (what: string, known: readonly string[]) =>
  known.length === 0 ? `; there are no ${what}` : `; ${what} are ${known.join(", ")}`;
