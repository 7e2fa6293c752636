/** Lines of requests to answers: a score for each, or what is wrong with the line. */
import { z } from "zod";
import { SCORE_BATCH } from "../engine/workspace.ts";
import { failure, isFailure, noted, UserError, within } from "../errors/failure.ts";
import { fileError } from "../files/failures.ts";
import { packedAs } from "../files/packed.ts";
import { type Line, splitLines } from "../lines.ts";
import { problemsOf, sentence } from "../options/problems.ts";
import type { Scorer } from "../scoring/predict.ts";
import {
  hasCandidates,
  isRankingRequest,
  isRequest,
  predictRequestSchema,
  rankRequestSchema,
  type ScoreRequest,
} from "../scoring/request.ts";

const id = z.union([z.string(), z.number()], { error: "expected a string or a number" }).optional();
/** A line of the input: with one candidate, or with several. */
const oneSchema = predictRequestSchema.extend({ id });
const severalSchema = rankRequestSchema.extend({ id });
type Request = z.output<typeof oneSchema> | z.output<typeof severalSchema>;
const KEYS_OF_ONE: readonly string[] = Object.keys(oneSchema.shape);
const KEYS_OF_SEVERAL: readonly string[] = Object.keys(severalSchema.shape);

/**
 * To a line: its `id`, where it has one that can be read; and a score, a score for each of its candidates, or an error that
 * names input, line and field.
 */
export interface Answer {
  readonly id?: Request["id"];
  readonly score?: number;
  readonly scores?: readonly number[];
  readonly error?: UserError;
}

const SHAPE = "one JSON object a line";

/**
 * The lines of the input, in groups as they arrive.
 * @throws UserError where it cannot be read, is packed, or has a line that would fill the memory
 */
export async function* readRequests(input: AsyncIterable<Buffer>, name: string): AsyncGenerator<Line[]> {
  async function* unpacked(): AsyncGenerator<Buffer> {
    let isFirst = true;
    for await (const chunk of input) {
      const format = isFirst ? packedAs(chunk) : undefined;
      if (format !== undefined) throw failure("file.packed", { path: name, format });
      isFirst = false;
      yield chunk;
    }
  }
  try {
    yield* splitLines(unpacked(), name);
  } catch (error) {
    throw isFailure(error, "file.line-too-long") ? noted(error, `expected ${SHAPE}`) : fileError(error, "read", name);
  }
}

/** Answers to lines, in their order. */
export function answersTo(lines: readonly Line[], scorer: Scorer, name: string): Answer[] {
  const answers: Answer[] = [];
  const requests: Request[] = [];
  /** Of each request: which line it is. */
  const places: number[] = [];
  for (const [at, line] of lines.entries()) {
    const parsed = parseRequest(line, name);
    if (parsed.request === undefined) answers[at] = parsed;
    else places[requests.push(parsed.request) - 1] = at;
  }
  // A batch that the model refuses is scored again, a request at a time; and so none is counted twice.
  for (let from = 0; from < requests.length; from += SCORE_BATCH) {
    const scores = scoreEach(scorer, requests.slice(from, from + SCORE_BATCH));
    for (const [i, score] of scores.entries()) {
      const { id } = requests[from + i];
      const at = places[from + i];
      if (typeof score === "number") answers[at] = { id, score };
      else if (score instanceof UserError)
        answers[at] = { id, error: within(`${name}: line ${lines[at].number}`, score) };
      else answers[at] = { id, scores: score };
    }
  }
  return answers;
}

/** The request on a line; or what is wrong with it, and its id where it has one. */
function parseRequest(
  { number, text, isUtf8 }: Line,
  name: string,
): { request: Request } | { request?: undefined; id?: Request["id"]; error: UserError } {
  const wrong = (expected: string) => failure("file.wrong-line", { path: name, line: number, expected });
  if (!isUtf8) return { error: wrong("text in UTF-8") };
  // All requests on one line are the likeliest mistake, and too much to parse.
  if (/^\s*\[/.test(text)) return { error: wrong(`${SHAPE}, found an array`) };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return { error: failure("file.not-json", { path: name, line: number, reason: (error as Error).message }) };
  }
  if (isLine(parsed)) return { request: parsed };
  const schema = hasCandidates(parsed) ? severalSchema : oneSchema;
  const result = schema.safeParse(parsed);
  if (result.success) return { request: result.data };
  const [problem] = problemsOf(schema, parsed);
  const field = problem.path.join(".") || "the request";
  const error = within(
    `${name}: line ${number}`,
    failure("request.invalid", { field, problem: sentence(problem, field) }),
  );
  return { id: id.safeParse((parsed as { id?: unknown } | null)?.id).data, error };
}

/** Whether a document is what its schema says: nearly all are, and to look is faster. */
function isLine(parsed: unknown): parsed is Request {
  const isSeveral = hasCandidates(parsed);
  if (isSeveral ? !isRankingRequest(parsed) : !isRequest(parsed)) return false;
  const { id } = parsed as Request;
  if (id !== undefined && typeof id !== "string" && !Number.isFinite(id)) return false;
  const keys = isSeveral ? KEYS_OF_SEVERAL : KEYS_OF_ONE;
  for (const key in parsed as Request) if (!keys.includes(key)) return false;
  return true;
}

/** Scores for each request; for one that the model refuses (a field it does not know) the error. */
function scoreEach(scorer: Scorer, requests: readonly ScoreRequest[]): readonly (number | number[] | UserError)[] {
  try {
    return scorer.score(requests);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return requests.length === 1 ? [error] : requests.flatMap((request) => scoreEach(scorer, [request]));
  }
}
