/** Sockets: where the server listens, and how long it is patient with slow clients. */
import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { fileError } from "../files/failures.ts";
import type { Limits } from "./limits.ts";

export interface ListenOptions {
  readonly host?: string;
  /** 0, the default, takes one that is free. */
  readonly port?: number;
  /** Certificate and key in PEM, for https. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

export interface Listening {
  readonly url: string;
  /** Takes no more connections and waits for the answers to those that there are. */
  close(): Promise<void>;
}

/** Milliseconds that a connection may stay without a request: longer than the minute that proxies keep theirs. */
const KEEP_ALIVE = 75_000;
const MOST_HEADER_BYTES = 16_384;
const MOST_HEADERS = 100;
/** Milliseconds between two looks for those that are too slow. */
const LOOK_EVERY = 500;

/** Whether no other machine reaches a host. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** @throws UserError where the address cannot be listened at */
export async function listenOn(
  handle: RequestListener,
  { maxConnections, maxSeconds }: Limits,
  { host = "127.0.0.1", port = 0, tls }: ListenOptions,
): Promise<Listening> {
  const patience: ServerOptions = {
    headersTimeout: maxSeconds * 1000,
    requestTimeout: maxSeconds * 1000,
    keepAliveTimeout: KEEP_ALIVE,
    connectionsCheckingInterval: LOOK_EVERY,
    maxHeaderSize: MOST_HEADER_BYTES,
  };
  const server = tls ? createSecureServer({ ...patience, ...tls }, handle) : createServer(patience, handle);
  server.maxConnections = maxConnections;
  server.maxHeadersCount = MOST_HEADERS;
  // Of a client that does not read its answer.
  server.setTimeout(3 * maxSeconds * 1000);
  await bind(server, host, port);
  const { port: bound } = server.address() as AddressInfo;
  const name = host.includes(":") ? `[${host}]` : host;
  return { url: `${tls ? "https" : "http"}://${name}:${bound}`, close: () => closed(server) };
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((done, fail) => {
    server.once("error", (error) => fail(fileError(error, "listen at", `${host} port ${port}`)));
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      done();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeIdleConnections();
  });
}
