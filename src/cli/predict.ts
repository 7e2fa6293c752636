/** `dien predict`: a request a line in, a score a line out. */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { addAbortSignal } from "node:stream";
import type { Command } from "commander";
import { z } from "zod";
import { machineOptions } from "../engine/machine.ts";
import type { UserError } from "../errors/failure.ts";
import { replaceFile } from "../files/aside.ts";
import { count } from "../format.ts";
import { throwIfInterrupted } from "../interruption.ts";
import { skipBadRows, text } from "../options/pieces.ts";
import { calibrated } from "../scoring/options.ts";
import type { RequestCounts } from "../scoring/request-cells.ts";
import { type Answer, answersTo, readRequests } from "./answers.ts";
import type { Context } from "./context.ts";
import { addOptions } from "./options.ts";
import { print, printJson, writeJsonLines } from "./output.ts";

export const predictFlags = z.strictObject({
  run: text("folder", "run, made by `dien train`"),
  input: text("file", "requests, one JSON object a line; - reads standard input"),
  out: text("file", "where the scores go (default: standard output)").optional(),
  skipBadRows,
  calibrated,
  engine: machineOptions.shape.engine,
});

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

One with several candidates, which is much faster than a line for each:
  {"id": 9, "user": "A1B2C3", "candidates": ["B00004U9V2", "B00005NAOD"], "history": ["B0000530HT"]}

user       values of user fields by name, or the value of the first one
candidate  the item's key, or an object of its key ("item") and of item fields. A known item has its fields from the
           data the model was trained on, and those that are given win; another has those that are given.
candidates a list of such candidates, instead of one
history    behaviours, oldest first, each given as a candidate is, "time" optional. Those at or after the time of the
           request, and those before the model's window, are left out; of the rest the latest count, as in training.
context    values of context fields by name
time       of the impression: ISO 8601, or a number of seconds, milliseconds or microseconds. Fields that read the time
           (hour, weekday) are made of it, and unknown without it.
id         comes back in the answer

Only "user", "candidate" (or "candidates") and "history" are required. Values are those of the raw data: strings, numbers, true and false;
null and "" mean absent. A value that is absent, or that training never saw, is unknown; how many candidates and behaviours
were unknown items is reported at the end. A field that the model does not have is an error.

An answer, in the order of the requests:
  {"id": 7, "score": 0.4187}
Of several candidates, in their order:
  {"id": 9, "scores": [0.4187, 0.0922]}
The first line that cannot be scored ends the command, after the answers to those before it; in --out none are left. With
--skip-bad-rows it has an answer of its own, with its id where that can be read:
  {"id": 8, "error": "requests.jsonl: line 8: history is missing: expected a list"}

Examples:
  dien predict --run runs/dien --input requests.jsonl --out scores.jsonl
  cat requests.jsonl | dien predict --run runs/dien --input -`,
    )
    .action(async () => {
      const { options, json } = await read();
      const { run, input, out, calibrated, engine } = options;
      const scorer = await context.jobs.loadScorer(run, { engine, calibrated });
      const source = addAbortSignal(context.signal, input === "-" ? context.stdin : createReadStream(input));
      // It may fail before anybody reads it; whoever does then hears of it.
      source.on("error", () => undefined);
      const name = input === "-" ? "standard input" : input;
      const start = performance.now();
      const bad: { rows: number; first?: UserError } = { rows: 0 };
      const score = async (write: (text: string) => Promise<void>): Promise<number> => {
        let requests = 0;
        throwIfInterrupted();
        for await (const lines of readRequests(source, name)) {
          const answers = answersTo(lines, scorer, name);
          const errors = answers.flatMap(({ error }) => error ?? []);
          // Of a group that has a bad line, the answers before it are good.
          const until = options.skipBadRows ? -1 : answers.findIndex(({ error }) => error !== undefined);
          const kept = until < 0 ? answers : answers.slice(0, until);
          if (kept.length > 0) await write(kept.map(answerText).join(""));
          if (until >= 0) throw errors[0];
          requests += answers.length - errors.length;
          bad.rows += errors.length;
          bad.first ??= errors[0];
        }
        return requests;
      };
      const requests =
        out === undefined ? await score((text) => writeJsonLines(context.stdout, text)) : await scoreToFile(out, score);
      const { behaviours, unknown } = scorer.counts;
      if (bad.first) {
        const rows = `${count(bad.rows)} of ${count(requests + bad.rows)} requests`;
        print(context.stderr, [`bad rows: ${rows}, the first is ${bad.first.message}`]);
      }
      reportUnknown(context, scorer.counts);
      const seconds = (performance.now() - start) / 1000;
      if (json) {
        const { calibration, engine } = scorer;
        const applied = calibration === undefined ? {} : { calibration };
        printJson(context.stdout, { requests, badRows: bad.rows, behaviours, unknown, seconds, engine, ...applied });
      }
    });
}

/** A mistyped key, or a history of another shop, is no error: it shows here. */
function reportUnknown({ stderr }: Context, { candidates, behaviours, unknown }: RequestCounts): void {
  if (unknown.candidates + unknown.behaviours === 0) return;
  const some = `${count(unknown.candidates)} of ${count(candidates)} candidates`;
  print(stderr, [`unknown items: ${some}, ${count(unknown.behaviours)} of ${count(behaviours)} behaviours`]);
}

function answerText({ id, score, scores, error }: Answer): string {
  return `${JSON.stringify(error ? { id, error: error.message } : { id, score, scores })}\n`;
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
