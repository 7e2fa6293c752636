/**
 * Sends requests at the moments that they are due, whatever becomes of those before (an open loop), from a process of its
 * own. Latency counts from when a request was due: one that had to wait for a connection, or for this process, took longer.
 */
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { arrivals } from "./arrivals.ts";

/** What the process is asked for. */
export interface Load {
  readonly url: string;
  /** Bodies that are sent one after the other, over and over. */
  readonly bodies: readonly string[];
  readonly candidates: number;
  /** Requests a second, on average. */
  readonly rate: number;
  readonly seconds: number;
  readonly seed: number;
  readonly connections: number;
}

/** What it found. */
export interface Latencies {
  readonly requests: number;
  /** Answers other than 200 with all probabilities, and none. */
  readonly failed: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  /** How long after it was due a request was sent: the part that this process is to blame for. */
  readonly late_p99_ms: number;
}

process.once("message", (load: Load) => {
  void measure(load).then((latencies) => process.send!(latencies, () => process.disconnect()));
});

/** Milliseconds after which an answer counts as none. */
const PATIENCE = 10_000;

async function measure({ url, bodies, candidates, rate, seconds, seed, connections }: Load): Promise<Latencies> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const due = arrivals(rate, seconds, seed);
  const took = new Float64Array(due.length);
  const late = new Float64Array(due.length);
  let failed = 0;
  const answers: Promise<void>[] = [];
  const start = performance.now();
  for (let next = 0; next < due.length; ) {
    const now = performance.now() - start;
    if (due[next] > now) {
      await new Promise((done) => setTimeout(done, due[next] - now));
      continue;
    }
    const place = next++;
    late[place] = now - due[place];
    const answer = ask(agent, url, bodies[place % bodies.length], candidates).then((isRight) => {
      took[place] = performance.now() - start - due[place];
      if (!isRight) failed++;
    });
    answers.push(answer);
  }
  await Promise.all(answers);
  agent.destroy();
  took.sort();
  late.sort();
  const at = (sorted: Float64Array, share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  return {
    requests: due.length,
    failed,
    p50_ms: at(took, 0.5),
    p99_ms: at(took, 0.99),
    max_ms: at(took, 1),
    late_p99_ms: at(late, 0.99),
  };
}

/** Numbers are counted without parsing them, which costs less beside the server. */
const PROBABILITIES = /"probabilities":\[([^\]]*)\]/;

/** Whether a request is answered with a probability for each candidate. */
function ask(agent: Agent, url: string, body: string, candidates: number): Promise<boolean> {
  return new Promise((done) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request(`${url}/v1/score`, { method: "POST", agent, headers, timeout: PATIENCE }, (response) => {
      text(response).then(
        (answer) =>
          done(response.statusCode === 200 && PROBABILITIES.exec(answer)?.[1].split(",").length === candidates),
        () => done(false),
      );
    });
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => done(false));
    sent.end(body);
  });
}
