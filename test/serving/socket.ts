/** Bytes over a socket, as no well-behaved client would send them. */
import { connect, type Socket } from "node:net";

/** A connection with what has arrived on it so far. */
export interface Line {
  readonly socket: Socket;
  readonly text: () => string;
  /** Resolves when the server has ended the connection. */
  readonly ended: Promise<void>;
  /** Resolves when so much has arrived. */
  until(pattern: RegExp): Promise<string>;
}

export async function lineTo(url: string): Promise<Line> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let text = "";
  const waiting = new Set<() => void>();
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    for (const look of waiting) look();
  });
  // A server that ends a connection may reset it.
  socket.on("error", () => {});
  const ended = new Promise<void>((done) => socket.on("close", () => done()));
  await new Promise<void>((done) => socket.once("connect", () => done()));
  return {
    socket,
    ended,
    text: () => text,
    until: (pattern) =>
      new Promise((done, fail) => {
        const look = () => {
          if (!pattern.test(text)) return;
          waiting.delete(look);
          done(text);
        };
        waiting.add(look);
        void ended.then(() => (pattern.test(text) ? done(text) : fail(new Error(`ended with ${text}`))));
        look();
      }),
  };
}

/** The bytes of a request. */
export function bytesOf(method: string, path: string, body = "", headers: Record<string, string> = {}): string {
  const all = {
    host: "localhost",
    ...(body === "" ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}
