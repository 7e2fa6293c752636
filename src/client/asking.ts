/** One request and its answer: time, patience with a busy server, and errors. */
import type { z } from "zod";
import type { refusalSchema } from "../serving/refusal.ts";
import { DienError } from "./error.ts";

/** What may be said of each call. */
export interface CallOptions {
  /** Milliseconds until an answer is no longer wanted, those between two tries included; the server is told of them. */
  readonly timeout?: number | undefined;
  /** Ends the call: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How often a request is sent again that the server had no room for (503), each time after as long as the server says
   * (`retry-after`).
   */
  readonly retries?: number | undefined;
  /** What the server's log and its answer call the request (default: the server gives it one). */
  readonly requestId?: string | undefined;
}

export interface ClientOptions extends Pick<CallOptions, "timeout" | "retries"> {
  /** Where the server is, perhaps with a path that a proxy puts before its own: `https://shop.example/ranking`. */
  readonly url: string | URL;
  readonly token?: string | undefined;
  /** What asks (default: the global `fetch`); `createServer(...).fetch` asks a server in the same process. */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
}

export type Method = "GET" | "POST" | "DELETE";
export type Ask = <Answer>(method: Method, path: string, body: unknown, options?: CallOptions) => Promise<Answer>;

/** What the server takes as a time, in milliseconds: nine digits. */
const LONGEST = 999_999_999;

/** A function that asks one server. @throws DienError where its address is none, or its token could not be sent */
export function asking(client: ClientOptions): Ask {
  const base = baseOf(client.url);
  checkToken(client.token);
  checkTimeout(client.timeout);
  const send = client.fetch ?? ((request: Request) => fetch(request));
  return async (method, path, body, options = {}) => {
    const { timeout = client.timeout, retries = client.retries ?? 0, requestId, signal } = options;
    checkTimeout(timeout);
    const due = timeout === undefined ? undefined : performance.now() + timeout;
    const signals = [signal, timeout === undefined ? undefined : AbortSignal.timeout(Math.ceil(timeout))];
    const ending = AbortSignal.any(signals.filter((one) => one !== undefined));
    try {
      for (let left = retries; ; left--) {
        const headers = headersOf(client.token, requestId, body !== undefined, due);
        const text = body === undefined ? null : JSON.stringify(body);
        const response = await send(new Request(base + path, { method, headers, body: text, signal: ending }));
        const pause = left > 0 ? pauseAsked(response) : undefined;
        if (pause === undefined || (due !== undefined && performance.now() + pause >= due)) {
          return await answerOf(response);
        }
        await response.body?.cancel();
        await paused(pause, ending);
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof DienError) throw error;
      const { code, message } = ending.aborted
        ? ({ code: "client.timeout", message: `no answer within ${timeout} milliseconds` } as const)
        : ({ code: "client.unreachable", message: `no answer of ${base}: ${reasonOf(error)}` } as const);
      throw new DienError(message, { code, requestId, cause: error });
    }
  };
}

const invalid = (message: string) => new DienError(message, { code: "client.invalid" });

/** An address without a slash at its end. What is wrong is not shown where it may have a password in it. */
function baseOf(given: string | URL): string {
  const expected = "url: expected an address such as https://shop.example";
  const text = String(given);
  if (!URL.canParse(text))
    throw invalid(`${expected}, found ${text.includes("@") ? "another text" : JSON.stringify(text)}`);
  const { protocol, username, password, search, hash, href } = new URL(text);
  if (!/^https?:$/.test(protocol)) throw invalid(`${expected}, found one that begins with ${protocol}`);
  if (username + password !== "") throw invalid(`${expected}, found one with a name or a password in it`);
  if (search + hash !== "") throw invalid(`${expected}, found something behind a ? or a #`);
  return href.replace(/\/+$/, "");
}

function checkToken(token: string | undefined): void {
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return;
  throw invalid("token: expected letters, digits and signs, without blanks and line ends");
}

function checkTimeout(timeout: number | undefined): void {
  if (timeout === undefined || timeout > 0) return;
  throw invalid(`timeout: expected milliseconds above 0, found ${timeout}`);
}

function headersOf(
  token: string | undefined,
  requestId: string | undefined,
  hasBody: boolean,
  due: number | undefined,
): Record<string, string> {
  return {
    ...(hasBody ? { "content-type": "application/json" } : {}),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(requestId === undefined ? {} : { "x-request-id": requestId }),
    ...(due === undefined ? {} : { "x-request-timeout-ms": `${millisecondsUntil(due)}` }),
  };
}

function millisecondsUntil(due: number): number {
  return Math.min(LONGEST, Math.max(1, Math.ceil(due - performance.now())));
}

/** Milliseconds after which the server wants to be asked again; undefined where it does not say so. */
function pauseAsked({ status, headers }: Response): number | undefined {
  const seconds = headers.get("retry-after");
  return status === 503 && seconds !== null && /^\d{1,6}$/.test(seconds) ? 1000 * Number(seconds) : undefined;
}

function paused(milliseconds: number, ending: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    const end = () => {
      clearTimeout(timer);
      fail(ending.reason);
    };
    const timer = setTimeout(() => {
      ending.removeEventListener("abort", end);
      done();
    }, milliseconds);
    ending.addEventListener("abort", end, { once: true });
  });
}

async function answerOf<Answer>(response: Response): Promise<Answer> {
  const { status, ok } = response;
  const text = await response.text();
  const answer = parsed(text) as Partial<z.output<typeof refusalSchema>> | undefined;
  const requestId = answer?.request_id ?? response.headers.get("x-request-id") ?? undefined;
  if (ok && answer !== undefined) return answer as Answer;
  const said = answer?.error;
  if (ok || typeof said?.code !== "string") {
    const message = `an answer with status ${status} that is not of dien: ${text.slice(0, 100)}`;
    throw new DienError(message, { code: "client.not-ours", status, requestId });
  }
  const code = said.code as DienError["code"];
  throw new DienError(said.message, { code, status, field: said.field, requestId });
}

/** An object that a text stands for. */
function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What `fetch` says of a failure is in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== "" ? cause.message : message;
}
