/**
 * Sockets: where the server listens, how patient it is with slow clients, and how it ends. What never becomes a request
 * (headers that are too long, bytes that are no HTTP, clients that do not go on) is answered here.
 */
import {
  createServer,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { TlsOptions } from "node:tls";
import { failure, type UserError } from "../errors/failure.ts";
import { fileError } from "../files/failures.ts";
import type { Limits } from "./limits.ts";
import { saidOf } from "./refusal.ts";

export interface ListenOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** 0, the default, takes one that is free. */
  readonly port?: number;
  /** Certificate and key in PEM, for https. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

export interface Listening {
  readonly url: string;
  /** Has clients begin nothing more, and waits until what they began is answered. */
  close(): Promise<void>;
}

/** Milliseconds that a connection may stay without a request: longer than the minute that proxies keep theirs. */
const KEEP_ALIVE = 75_000;
const MOST_HEADER_BYTES = 16_384;
const MOST_HEADERS = 100;
/** Milliseconds between two looks for those that are too slow, or have their answers when the server ends. */
const LOOK_EVERY = 250;
/** Milliseconds in which a client may notice that the server ends: what it had sent by then is answered. */
const NOTICE = 100;
/** Milliseconds that answers may take when the server ends. */
const LONGEST_END = 25_000;

/**
 * Is told of what never became a request, and returns the id by which it may be found. What cannot be answered has no
 * status: a client that does not speak TLS, a connection too many.
 */
export type OnStray = (error: UserError, isAnswered: boolean) => string;

/** @throws UserError where the address cannot be listened at, or certificate and key cannot be used */
export async function listenOn(
  handle: RequestListener,
  onStray: OnStray,
  { maxConnections, maxSeconds }: Limits,
  { host = "127.0.0.1", port = 0, tls }: ListenOptions,
): Promise<Listening> {
  let isEnding = false;
  const answers = new Set<ServerResponse>();
  const answer: RequestListener = (incoming, outgoing) => {
    answers.add(outgoing);
    outgoing.once("close", () => answers.delete(outgoing));
    outgoing.once("prefinish", () => endUnread(outgoing, maxSeconds));
    if (isEnding) endAfter(outgoing);
    handle(incoming, outgoing);
  };
  const patience: ServerOptions = {
    headersTimeout: maxSeconds * 1000,
    requestTimeout: maxSeconds * 1000,
    keepAliveTimeout: KEEP_ALIVE,
    connectionsCheckingInterval: LOOK_EVERY,
    maxHeaderSize: MOST_HEADER_BYTES,
  };
  // One that does not come to speak TLS would also hold up the end.
  const handshakeTimeout = Math.min(maxSeconds * 1000, LONGEST_END);
  const server = tls ? secureServer({ ...patience, ...tls, handshakeTimeout }, answer) : createServer(patience, answer);
  // There is no way to answer it: what is written waits for the handshake.
  server.prependListener("tlsClientError", (error, socket: Duplex) => {
    onStray(failure("serving.no-handshake", { name: "connection" }, error), false);
    socket.destroy();
  });
  server.maxConnections = maxConnections;
  server.on("drop", () =>
    onStray(failure("serving.too-many-connections", { name: "connections", expected: maxConnections }), false),
  );
  server.maxHeadersCount = MOST_HEADERS;
  server.on("clientError", (error, socket) => {
    const begun = [...answers].find((answer) => answer.socket === socket);
    if (begun?.headersSent || !socket.writable) return void socket.destroy();
    const refusal = refusalOf(error);
    // The rest of a request that was begun is told with it.
    refuseBytes(refusal, begun === undefined ? onStray(refusal, true) : null, socket);
  });
  await bind(server, host, port);
  const { port: bound } = server.address() as AddressInfo;
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    url: `${tls ? "https" : "http"}://${name}:${bound}`,
    close() {
      isEnding = true;
      for (const answer of answers) endAfter(answer);
      return closed(server);
    },
  };
}

function secureServer(options: ServerOptions & TlsOptions, answer: RequestListener): Server {
  try {
    return createSecureServer(options, answer);
  } catch (error) {
    throw failure("serving.no-tls", { name: "tls", reason: (error as Error).message }, error);
  }
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((done, fail) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason = REASONS[error.code ?? ""];
      const name = `${host}, port ${port}`;
      fail(
        reason === undefined
          ? fileError(error, "listen at", name)
          : failure("serving.no-port", { name, reason }, error),
      );
    });
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      done();
    });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process listens there",
  EACCES: "permission denied",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "there is no host of that name",
};

/** A connection that looks idle may be one whose next request is on its way, so it is not closed at once. */
async function closed(server: Server): Promise<void> {
  if ((await connectionsOf(server)) > 0) await sleep(NOTICE);
  await new Promise<void>((done) => {
    const look = setInterval(() => server.closeIdleConnections(), LOOK_EVERY);
    const end = setTimeout(() => server.closeAllConnections(), LONGEST_END);
    server.close(() => {
      clearInterval(look);
      clearTimeout(end);
      done();
    });
    server.closeIdleConnections();
  });
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((done, fail) => {
    server.getConnections((error, count) => (error === null ? done(count) : fail(error)));
  });
}

/** Ends the connection of a client that does not read its answer. */
function endUnread(answer: ServerResponse, seconds: number): void {
  const timer = setTimeout(() => answer.destroy(), seconds * 1000);
  answer.once("close", () => clearTimeout(timer));
}

/** Has the client begin no other request on the connection of an answer. */
function endAfter(answer: ServerResponse): void {
  if (!answer.headersSent) answer.setHeader("connection", "close");
}

/** Answers what is no request, and ends the connection. */
function refuseBytes(refusal: UserError, request_id: string | null, socket: Duplex): void {
  const body = JSON.stringify({ error: saidOf(refusal), request_id });
  const head = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\ncontent-type: application/json`;
  socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`);
}

function refusalOf({ code }: NodeJS.ErrnoException): UserError {
  if (code === "HPE_HEADER_OVERFLOW") {
    return failure("serving.long-header", { name: "headers", expected: MOST_HEADER_BYTES });
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return failure("serving.slow-client", { name: "request" });
  return failure("serving.not-http", { name: "request" });
}
