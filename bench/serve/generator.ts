/**
 * Sends requests at the moments that they are due, whatever becomes of those before (an open loop), from a process of its
 * own. Latency counts from when a request was due: one that had to wait for a connection, or for this process, took longer.
 */
import { atMoments } from "./alarm.ts";
import { arrivals } from "./arrivals.ts";
import { Connection } from "./connection.ts";

/** What the process is asked for. */
export interface Load {
  readonly url: string;
  /** Bodies that are sent one after the other, over and over. */
  readonly bodies: readonly string[];
  /** Probabilities that an answer has: of all candidates, or of the `top` ones. */
  readonly answers: number;
  readonly path: "/v1/score" | "/v1/rank";
  /** Requests a second, on average. */
  readonly rate: number;
  readonly seconds: number;
  /** Seconds at the same rate before those: code is compiled and connections are opened, here and in the server. */
  readonly warmUp: number;
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
  /** How long after it was due a request was begun with: the part that this process is to blame for. */
  readonly late_p99_ms: number;
}

process.once("message", (load: Load) => {
  void measure(load).then((latencies) => process.send!(latencies, () => process.disconnect()));
});

async function measure({ url, bodies, path, answers, rate, seconds, warmUp, ...load }: Load): Promise<Latencies> {
  const { hostname, port, host } = new URL(url);
  const requests = bodies.map((body) => requestOf(host, path, body));
  const all = Array.from({ length: load.connections }, () => new Connection(hostname, Number(port)));
  const free = [...all];
  const waiting: number[] = [];
  const due = arrivals(rate, warmUp + seconds, load.seed);
  const took = new Float64Array(due.length);
  const late = new Float64Array(due.length);
  let failed = 0;
  const asked: Promise<void>[] = [];
  const start = performance.now();
  const now = () => performance.now() - start;
  const send = async (connection: Connection, place: number): Promise<void> => {
    for (let next: number | undefined = place; next !== undefined; next = waiting.shift()) {
      const answer = await connection.ask(requests[next % requests.length]).catch(() => undefined);
      took[next] = now() - due[next];
      if (answer?.status !== 200 || countIn(answer.body) !== answers) failed++;
    }
    free.push(connection);
  };
  await atMoments(due, (place) => {
    late[place] = now() - due[place];
    const connection = free.pop();
    if (connection === undefined) waiting.push(place);
    else asked.push(send(connection, place));
  });
  await Promise.all(asked);
  for (const connection of all) connection.close();
  const first = due.findIndex((time) => time >= 1000 * warmUp);
  const [times, delays] = [took, late].map((each) => each.subarray(first).sort());
  const at = (sorted: Float64Array, share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  return {
    requests: times.length,
    failed,
    p50_ms: at(times, 0.5),
    p99_ms: at(times, 0.99),
    max_ms: at(times, 1),
    late_p99_ms: at(delays, 0.99),
  };
}

function requestOf(host: string, path: string, body: string): string {
  const head = `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json`;
  return `${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** A list of them, or one for each place of a ranking. */
const PROBABILITIES = /"probabilities":\[([^\]]*)\]/;
const PROBABILITY = /"probability":/g;

/** How many probabilities an answer has, counted without parsing it, which costs less beside the server. */
function countIn(answer: string): number {
  return PROBABILITIES.exec(answer)?.[1].split(",").length ?? answer.match(PROBABILITY)?.length ?? 0;
}
