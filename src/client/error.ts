/** What a client throws: the server's own words about a request that it refused, or why there is no answer. */
import type { Code } from "../errors/catalogue/catalogue.ts";

/** No answer came; it did not come in time; it is none of this server's; or nothing was asked, for an option cannot be. */
export type ClientCode = "client.unreachable" | "client.timeout" | "client.not-ours" | "client.invalid";

export interface DienErrorDetails {
  readonly code: Code | ClientCode;
  readonly status?: number | undefined;
  readonly field?: string | undefined;
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

export class DienError extends Error {
  override readonly name = "DienError";
  /** What went wrong; a code never changes its meaning. */
  readonly code: Code | ClientCode;
  /** Of the answer; undefined where there is none. */
  readonly status: number | undefined;
  /** Which part of the request is wrong. */
  readonly field: string | undefined;
  /** By which the server's log knows the request. */
  readonly requestId: string | undefined;

  constructor(message: string, { code, status, field, requestId, cause }: DienErrorDetails) {
    super(message, { cause });
    this.code = code;
    this.status = status;
    this.field = field;
    this.requestId = requestId;
  }
}
