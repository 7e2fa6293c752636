/**
 * A connection that asks one thing after the other. No client of HTTP is used: beside a server on two cores it would take
 * as much of them as the server does.
 */
import { connect, type Socket } from "node:net";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Between the head of an answer and its body. */
const GAP = "\r\n\r\n";

export class Connection {
  readonly #socket: Socket;
  #received = "";
  #settle: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void } | undefined;

  constructor(host: string, port: number) {
    this.#socket = connect({ host, port, noDelay: true });
    // One character a byte, as lengths are counted.
    this.#socket.setEncoding("latin1");
    this.#socket.on("data", (text: string) => this.#take(text));
    this.#socket.on("error", (error) => this.#settle?.reject(error));
    this.#socket.on("close", () => this.#settle?.reject(new Error("the server closed the connection")));
  }

  /** Sends a request as it stands, head and body. The answer before must have come. */
  ask(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf(GAP);
    if (end < 0) return;
    const head = this.#received.slice(0, end);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
    const body = this.#received.slice(end + GAP.length);
    if (Number.isNaN(length)) this.#settle?.reject(new Error("an answer without its length"));
    if (!(body.length >= length)) return;
    this.#received = body.slice(length);
    const status = Number(head.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length));
    this.#settle?.resolve({ status, body: body.slice(0, length) });
  }
}
