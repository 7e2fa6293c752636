/** `dien predict`: a request a line in, a score a line out. */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { Command } from "commander";
import { z } from "zod";
import { machineOptions } from "../engine/machine.ts";
import { failure, UserError, within } from "../errors/failure.ts";
import { replaceFile } from "../files/aside.ts";
import { fileError } from "../files/failures.ts";
import { count } from "../format.ts";
import { text } from "../options/pieces.ts";
import { problemsOf, sentence } from "../options/problems.ts";
import type { Scorer } from "../scoring/predict.ts";
import { predictRequestSchema } from "../scoring/request.ts";
import type { ItemCounts } from "../scoring/request-model.ts";
import type { Context } from "./context.ts";
import { type Line, readLines } from "./lines.ts";
import { addOptions } from "./options.ts";
import { print, printJson, writeJsonLines } from "./output.ts";

export const predictFlags = z.strictObject({
  run: text("folder", "run, made by `dien train`"),
  input: text("file", "requests, one JSON object a line; - reads standard input"),
  out: text("file", "where the scores go (default: standard output)").optional(),
  engine: machineOptions.shape.engine,
});

/** A line of the input. */
const requestSchema = predictRequestSchema.extend({
  id: z.union([z.string(), z.number()], { error: "expected a string or a number" }).optional(),
});
type Request = z.output<typeof requestSchema>;

export function addPredict(program: Command, context: Context): void {
  const command = program
    .command("predict")
    .summary("score candidates with a trained model")
    .description("Predicts the probability of a click for each request of a file of newline-delimited JSON.");
  const read = addOptions(command, predictFlags);
  command
    .addHelpText(
      "after",
      `
A request:
  {"id": 7, "user": "A1B2C3", "candidate": "B00004U9V2", "history": ["B0000530HT", "B00005NAOD"]}

One with all there is, on one line as well:
  {"id": "imp-81", "time": "2017-11-25T20:00:00+08:00", "context": {"scene": "home"},
   "user": {"user": "u17", "age": 33},
   "candidate": {"item": "i9", "category": "shoes", "price": 12.5},
   "history": ["i4", {"item": "i2", "time": 1511528700}, {"category": "shoes", "time": 1511532000}]}

user       values of user fields by name, or the value of the first one
candidate  the item's key, or an object of its key ("item") and of item fields. A known item has its fields from the
           data the model was trained on, and those that are given win; another has those that are given.
history    behaviours, oldest first, each given as a candidate is, "time" optional. Those at or after the time of the
           request, and those before the model's window, are left out; of the rest the latest count, as in training.
context    values of context fields by name
time       of the impression: ISO 8601, or a number of seconds, milliseconds or microseconds. Fields that read the time
           (hour, weekday) are made of it, and unknown without it.
id         comes back in the answer

Only "user", "candidate" and "history" are required. Values are those of the raw data: strings, numbers, true and false;
null and "" mean absent. A value that is absent, or that training never saw, is unknown; how many candidates and behaviours
were unknown items is reported at the end. A field that the model does not have is an error.

An answer, in the order of the requests:
  {"id": 7, "score": 0.4187}

Examples:
  dien predict --run runs/dien --input requests.jsonl --out scores.jsonl
  cat requests.jsonl | dien predict --run runs/dien --input -`,
    )
    .action(async () => {
      const { options, json } = await read();
      const { run, input, out, engine } = options;
      const scorer = await context.jobs.loadScorer(run, { engine });
      const source = input === "-" ? context.stdin : createReadStream(input);
      const name = input === "-" ? "standard input" : input;
      const start = performance.now();
      const score = async (write: (text: string) => Promise<void>): Promise<number> => {
        let requests = 0;
        for await (const lines of readInput(source, name)) {
          const parsed = lines.map((line) => parseRequest(line, name));
          const scores = scoreLines(scorer, parsed, lines, name);
          const answers = parsed.map(({ id }, i) => JSON.stringify({ id, score: scores[i] }));
          await write(`${answers.join("\n")}\n`);
          requests += parsed.length;
        }
        return requests;
      };
      const requests =
        out === undefined ? await score((text) => writeJsonLines(context.stdout, text)) : await scoreToFile(out, score);
      const { behaviours, unknown } = scorer.counts;
      reportUnknown(context, scorer.counts);
      if (json)
        printJson(context.stdout, { requests, behaviours, unknown, seconds: (performance.now() - start) / 1000 });
    });
}

/** A mistyped key, or a history of another shop, is no error: it shows here. */
function reportUnknown({ stderr }: Context, { candidates, behaviours, unknown }: ItemCounts): void {
  if (unknown.candidates + unknown.behaviours === 0) return;
  const some = `${count(unknown.candidates)} of ${count(candidates)} candidates`;
  print(stderr, [`unknown items: ${some}, ${count(unknown.behaviours)} of ${count(behaviours)} behaviours`]);
}

async function* readInput(source: Readable, name: string): AsyncGenerator<Line[]> {
  try {
    yield* readLines(source);
  } catch (error) {
    throw fileError(error, "read", name);
  }
}

/** The first bytes of a gzip file (RFC 1952, section 2.3.1) as UTF-8 has them: 8b is no letter. */
const GZIP = "\x1f\ufffd\b";

/** The request on a line. Throws UserError naming file, line and field. */
function parseRequest({ number, text: line }: Line, name: string): Request {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (error) {
    if (number === 1 && line.startsWith(GZIP)) throw failure("file.packed", { path: name });
    throw failure("file.not-json", { path: name, line: number, reason: (error as Error).message });
  }
  const result = requestSchema.safeParse(parsed);
  if (result.success) return result.data;
  const [problem] = problemsOf(requestSchema, parsed);
  const field = problem.path.join(".") || "the request";
  throw within(`${name}:${number}`, failure("request.invalid", { field, problem: sentence(problem, field) }));
}

/** Scores the requests of `lines`. Where the model refuses one (a field it does not know), the error names its line. */
function scoreLines(scorer: Scorer, requests: readonly Request[], lines: readonly Line[], name: string): number[] {
  try {
    return scorer.score(requests);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (lines.length === 1) throw within(`${name}:${lines[0].number}`, error);
    return requests.flatMap((request, i) => scoreLines(scorer, [request], [lines[i]], name));
  }
}

async function scoreToFile(
  path: string,
  score: (write: (text: string) => Promise<void>) => Promise<number>,
): Promise<number> {
  let requests = 0;
  await replaceFile(path, async (temporary) => {
    const file = await open(temporary, "w");
    try {
      requests = await score((text) => file.appendFile(text));
    } finally {
      await file.close();
    }
  });
  return requests;
}
