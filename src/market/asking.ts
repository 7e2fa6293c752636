/** What the market asks its server, over connections that stay open. */
import { Agent, request } from "node:http";

export interface Asking {
  /** @throws Error where the answer is not 200, which is a defect: the market has no reason to ask for anything refused */
  post<Answer>(path: string, body: unknown, requestId: string): Promise<Answer>;
  close(): void;
}

/** Asks the server at `url`, over at most `connections`. */
export function askingAt(url: string, connections: number): Asking {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    post: (path, body, requestId) =>
      new Promise((resolve, reject) => {
        const text = JSON.stringify(body);
        const headers = {
          ...{ "content-type": "application/json", "x-request-id": requestId },
          "content-length": Buffer.byteLength(text),
        };
        const asked = request({ agent, hostname, port, path, method: "POST", headers }, (response) => {
          const pieces: Buffer[] = [];
          response.on("data", (piece: Buffer) => pieces.push(piece));
          response.on("error", reject);
          response.on("end", () => {
            const answer = Buffer.concat(pieces).toString("utf8");
            if (response.statusCode === 200) resolve(JSON.parse(answer));
            else reject(new Error(`${path} answered ${response.statusCode}: ${answer}`));
          });
        });
        asked.on("error", reject);
        asked.end(text);
      }),
    close: () => agent.destroy(),
  };
}

/** Does `work` on each of `given`, at most so many at once, and gives the results in their order. */
export async function eachOf<T, R>(
  given: readonly T[],
  most: number,
  work: (one: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(given.length);
  let next = 0;
  const lane = async () => {
    while (next < given.length) {
      const index = next++;
      results[index] = await work(given[index], index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, given.length) }, lane));
  return results;
}
