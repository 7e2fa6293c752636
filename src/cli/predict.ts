/** `dien predict`: a request a line in, a score a line out. */
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { Command } from "commander";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { fileError, replaceFile } from "../files.ts";
import type { Scorer } from "../train/predict.ts";
import { type Context, printJson, type Terminal } from "./context.ts";
import { type Line, readLines } from "./lines.ts";
import { addCommonOptions, gatherOptions } from "./options.ts";

interface Options {
  run: string;
  input: string;
  out?: string;
  json?: boolean;
}

const value = z.union([z.string(), z.number()], { error: "expected a string or a number" });
const values = z.record(z.string(), value);

/** A line of the input. Values are those of the raw data; what training never saw counts as unknown. */
const requestSchema = z.strictObject({
  id: value.optional(),
  user: z.union([value, values], { error: "expected a value, or an object of values by field" }),
  candidate: value,
  history: z.array(value),
  context: values.optional(),
});
type Request = z.output<typeof requestSchema>;

export function addPredict(program: Command, context: Context): void {
  const command = program
    .command("predict")
    .summary("score candidates with a trained model")
    .description("Predicts the probability of a click for each request of a file of newline-delimited JSON.")
    .option("--run <folder>", "run, made by `dien train`")
    .option("--input <file>", "requests, one JSON object a line; - reads standard input")
    .option("--out <file>", "where the scores go (default: standard output)")
    .addHelpText(
      "after",
      `
A request:
  {"id": 7, "user": "A1B2C3", "candidate": "B00004U9V2", "history": ["B0000530HT", "B00005NAOD"]}

"history" is the user's behaviours, oldest first; only the latest that the model was trained for count. "id" is
optional and comes back. "context" holds the context fields, where the dataset has some: {"context": {"hour": 21}}.
Values that training never saw count as unknown.

An answer, in the order of the requests:
  {"id": 7, "score": 0.4187}

Examples:
  dien predict --run runs/dien --input requests.jsonl --out scores.jsonl
  cat requests.jsonl | dien predict --run runs/dien --input -`,
    )
    .action(async () => {
      const { run, input, out, json } = await gatherOptions<Options>(command, ["run", "input"]);
      const scorer = await context.jobs.loadScorer(run);
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
      const requests = out === undefined ? await score(writerTo(context.stdout)) : await scoreToFile(out, score);
      if (json) printJson(context, { requests, seconds: (performance.now() - start) / 1000 });
    });
  addCommonOptions(command);
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
function parseRequest({ number, text }: Line, name: string): Request {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    if (number === 1 && text.startsWith(GZIP)) throw new UserError(`${name} is packed with gzip: unpack it first`);
    throw new UserError(`${name}:${number}: not JSON: ${(error as Error).message}`);
  }
  const result = requestSchema.safeParse(parsed);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  throw new UserError(`${name}:${number}: ${path.length > 0 ? `${path.join(".")}: ` : ""}${message}`);
}

/** Scores the requests of `lines`. Where the model refuses one (a field it does not know), the error names its line. */
function scoreLines(scorer: Scorer, requests: readonly Request[], lines: readonly Line[], name: string): number[] {
  try {
    return scorer.score(requests);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (lines.length === 1) throw new UserError(`${name}:${lines[0].number}: ${error.message}`);
    return requests.flatMap((request, i) => scoreLines(scorer, [request], [lines[i]], name));
  }
}

/** Waits where the reader of the stream is slower than the model. */
function writerTo(stream: Terminal): (text: string) => Promise<void> {
  return async (text) => {
    if (!stream.write(text)) await once(stream, "drain");
  };
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
