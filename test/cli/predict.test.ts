import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { failure } from "../../src/errors/failure.ts";
import type { PredictRequest, RankRequest, ScoreRequest } from "../../src/scoring/request.ts";
import { temporaryFolder } from "../support/source.ts";
import { dien } from "./harness.ts";

const folder = temporaryFolder();

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe("predict", () => {
  const counts = { candidates: 2000, behaviours: 31, users: 1000, unknown: { candidates: 0, behaviours: 0, users: 0 } };
  const asked: ScoreRequest[] = [];
  /**
   * Scores a request by the length of its history, and candidates by their place as well; refuses users called "?" as a
   * model refuses unknown fields.
   */
  function scoreOf(request: PredictRequest): number;
  function scoreOf(request: RankRequest): number[];
  function scoreOf(request: ScoreRequest): number | number[] {
    asked.push(request);
    if (request.user === "?") throw failure("request.unknown-field", { kind: "user", field: "age", known: "user" });
    const score = request.history.length / 10;
    return "candidates" in request ? request.candidates.map((_, i) => score + i) : score;
  }
  const loadScorer = async () => ({
    score: (requests: readonly ScoreRequest[]) => requests.map((each) => scoreOf(each as PredictRequest)),
    rank: scoreOf,
    engine: "wasm" as const,
    counts,
  });
  const request = (extra = {}) => JSON.stringify({ user: "u", candidate: "é", history: ["a", 2], ...extra });
  const predict = (stdin: string | Buffer[], ...argv: string[]) =>
    dien(["predict", "--run", "r", "--input", "-", ...argv], { jobs: { loadScorer }, stdin });

  it("answers a line for each request, in order, with its id", async () => {
    const { code, stdout } = await predict(
      `${request({ id: 7 })}\n\n${request({ id: "x", history: [] })}\r\n${request()}`,
    );
    expect(code).toBe(0);
    expect(stdout).toBe('{"id":7,"score":0.2}\n{"id":"x","score":0}\n{"score":0.2}\n');
  });

  it("answers a line with candidates by a list of scores", async () => {
    const several = { candidate: undefined, candidates: ["a", { item: "b", price: 2 }, null] };
    const { code, stdout } = await predict(
      [request({ id: 7, ...several }), request({ id: 8 }), request({ ...several, candidates: [] })].join("\n"),
    );
    expect(code).toBe(0);
    expect(stdout).toBe('{"id":7,"scores":[0.2,1.2,2.2]}\n{"id":8,"score":0.2}\n{"scores":[]}\n');
    expect(asked.at(-3)).toMatchObject({ candidates: several.candidates });
  });

  it("reads lines cut anywhere, within a letter too", async () => {
    const bytes = Buffer.from(`${request({ id: 1 })}\n${request({ id: 2 })}\n`);
    const whole = (await predict([bytes])).stdout;
    expect((await predict([...bytes].map((byte) => Buffer.of(byte)))).stdout).toBe(whole);
    expect(whole).toBe('{"id":1,"score":0.2}\n{"id":2,"score":0.2}\n');
  });

  it("reads and writes files, and counts in the last line with --json", async () => {
    const input = file("requests.jsonl", `${request()}\n${request()}\n`);
    const out = join(folder, "scores.jsonl");
    const { stdout } = await dien(["predict", "--run", "r", "--input", input, "--out", out, "--json"], {
      jobs: { loadScorer },
    });
    expect(JSON.parse(stdout)).toMatchObject({ requests: 2, behaviours: 31, unknown: counts.unknown });
    expect(readFileSync(out, "utf8")).toBe('{"score":0.2}\n{"score":0.2}\n');
  });

  it("gives the model all that a request has, but for its id", async () => {
    const rich = {
      user: { user: "u17", age: 33 },
      candidate: { item: 9, price: 12.5, sale: true, brand: null },
      history: ["i4", 7, null, { item: "i2", time: "2017-11-24T21:05" }, { category: "shoes", time: 1511532000 }],
      context: { scene: "" },
      time: "2017-11-25T20:00:00+08:00",
    };
    await predict(JSON.stringify({ id: 1, ...rich }));
    expect(asked.at(-1)).toMatchObject(rich);
  });

  it("reports how many items were unknown, if any", async () => {
    expect((await predict(request())).stderr).toBe("");
    const unknown = { candidates: 1200, behaviours: 30, users: 0 };
    const loadOther = async () => ({ ...(await loadScorer()), counts: { ...counts, unknown } });
    const { stdout, stderr } = await dien(["predict", "--run", "r", "--input", "-", "--json"], {
      jobs: { loadScorer: loadOther },
      stdin: request(),
    });
    expect(stderr).toBe("unknown items: 1,200 of 2,000 candidates, 30 of 31 behaviours\n");
    expect(JSON.parse(stdout.trim().split("\n").at(-1)!)).toMatchObject({ unknown });
  });

  it.each<[string | Buffer, string]>([
    ["{", "standard input: line 2: not JSON: "],
    ["[]", "standard input: line 2: expected one JSON object a line, found an array"],
    ["7", "standard input: line 2: the request: expected keys and their values, found 7"],
    [
      '{"candidate": "i", "history": []}',
      "standard input: line 2: user is missing: expected a value, or an object of values by field",
    ],
    ['{"user": "u", "candidate": "i"}', "standard input: line 2: history is missing: expected a list"],
    [
      request({ candidate: ["i"] }),
      "standard input: line 2: candidate: expected a value, or an object of values by field",
    ],
    [
      request({ history: ["a", { item: {} }] }),
      "standard input: line 2: history.1: expected a value, or an object of values",
    ],
    [
      request({ context: { hour: {} } }),
      "standard input: line 2: context.hour: expected a string, a number, true, false, null or a list of such values",
    ],
    [request({ time: {} }), "standard input: line 2: time: expected a string, a number, true, false or null"],
    [request({ id: null }), "standard input: line 2: id: expected a string or a number"],
    [request({ user: ["u"] }), "standard input: line 2: user: expected a value, or an object of values by field"],
    [request({ candidates: ["i"] }), "standard input: line 2: unknown key 'candidate'"],
    [
      request({ candidate: undefined, candidates: "i" }),
      'standard input: line 2: candidates: expected a list, found "i"',
    ],
    [
      request({ candidate: undefined, candidates: ["i", ["i"]] }),
      "standard input: line 2: candidates.1: expected a value, or an object of values by field",
    ],
    [request({ label: 1 }), "standard input: line 2: unknown key 'label'"],
    [Buffer.from([0x22, 0xff, 0x22]), "standard input: line 2: expected text in UTF-8"],
    [request({ user: "?" }), 'standard input: line 2: unknown user field "age": the model knows user'],
  ])("names line and field of %s, and leaves no file", async (line, message) => {
    const out = join(folder, "never.jsonl");
    const { code, stderr } = await predict([Buffer.from(`${request()}\n`), Buffer.from(line)], "--out", out);
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(code).toBe(1);
    expect(readdirSync(folder).filter((name) => name.startsWith("never"))).toEqual([]);
  });

  const bad = `${request({ id: 1 })}\n{"id": 2, "user": "u"}\n{bad\n\n${request({ id: "?", user: "?" })}\n${request({ id: 6 })}`;

  it("answers the lines before the first bad one", async () => {
    const { code, stdout, stderr } = await predict(bad);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '{"id":1,"score":0.2}\n' });
    expect(stderr).toContain("error: standard input: line 2: ");
  });

  it("answers a bad line with its error where bad ones are skipped, in order, and counts them", async () => {
    const { code, stdout, stderr } = await predict(bad, "--skip-bad-rows", "--json");
    const answers = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(answers.pop()).toMatchObject({ requests: 2, badRows: 3 });
    expect(answers).toEqual([
      { id: 1, score: 0.2 },
      { id: 2, error: expect.stringMatching(/^standard input: line 2: candidate is missing: /) },
      { error: expect.stringMatching(/^standard input: line 3: not JSON: /) },
      { id: "?", error: 'standard input: line 5: unknown user field "age": the model knows user' },
      { id: 6, score: 0.2 },
    ]);
    expect(stderr).toMatch(
      /^bad rows: 3 of 5 requests, the first is standard input: line 2: candidate is missing: .*\n$/,
    );
  });

  it("answers every line, good or bad, in its place, however the input arrives", async () => {
    const line = fc.constantFrom(...bad.split("\n"), request({ history: [] }), "[1]", "null", '"é"');
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 200 }), fc.integer({ min: 1, max: 4000 }), async (lines, size) => {
        const bytes = Buffer.from(lines.join("\n"));
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
        const { stdout } = await predict(chunks, "--skip-bad-rows");
        const alone = async (text: string) => (await predict(text, "--skip-bad-rows")).stdout;
        const known = new Map<string, string>();
        for (const text of new Set(lines)) known.set(text, await alone(text));
        const expected = lines.map((text, i) => known.get(text)!.replace("input: line 1:", `input: line ${i + 1}:`));
        expect(stdout).toBe(expected.join(""));
      }),
      { numRuns: 10 },
    );
  });

  it("says what an array of requests should be", async () => {
    const { stderr } = await predict(`[${request()}, ${request()}]`);
    expect(stderr).toBe("error: standard input: line 1: expected one JSON object a line, found an array\n");
    const long = Array<Buffer>(70).fill(Buffer.alloc(2 ** 20, "1"));
    expect((await predict(long)).stderr).toBe(
      "error: standard input: line 1 is longer than 64 MiB; expected one JSON object a line\n",
    );
  });

  it("names gzip where the input is packed", async () => {
    const { code, stderr } = await predict([gzipSync(`${request()}\n`)]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "error: standard input is packed with gzip: unpack it first\n",
    });
  });

  it("reports that the input is not there", async () => {
    const absent = join(folder, "absent.jsonl");
    const { code, stderr } = await dien(["predict", "--run", "r", "--input", absent], { jobs: { loadScorer } });
    expect({ code, stderr }).toEqual({ code: 1, stderr: `error: cannot read ${absent}: no such file or folder\n` });
  });
});
