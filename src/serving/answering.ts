/**
 * How many requests are answered at once, and how long an answer may take. A request is counted when it has arrived as a
 * whole, so clients that send slowly take no place from others.
 */
import type { HonoRequest } from "hono";
import { failure } from "../errors/failure.ts";
import type { Limits } from "./limits.ts";

export const TIMEOUT_HEADER = "x-request-timeout-ms";

/** When the answer to a request is due: when its client will not wait any longer, or the server allows no more. */
export interface Deadline {
  readonly milliseconds: number;
  /** As `performance.now()` counts. */
  readonly at: number;
}

/** @throws UserError where the header is no number of milliseconds */
export function deadlineOf(request: HonoRequest, maxSeconds: number): Deadline {
  const most = maxSeconds * 1000;
  const given = request.header(TIMEOUT_HEADER);
  if (given !== undefined && !/^[1-9]\d{0,8}$/.test(given)) {
    throw failure("serving.wrong-header", { name: TIMEOUT_HEADER, expected: "a number of milliseconds", found: given });
  }
  const milliseconds = given === undefined ? most : Math.min(most, Number(given));
  return { milliseconds, at: performance.now() + milliseconds };
}

/** Answers requests, as many at once as the limits allow. */
export class Answering {
  readonly #most: number;
  #running = 0;

  constructor({ maxRequests }: Limits) {
    this.#most = maxRequests;
  }

  /** Requests that are being answered. */
  get running(): number {
    return this.#running;
  }

  /**
   * What `work` gives.
   * @throws UserError where too many requests are being answered, or it takes too long: what has begun then goes on, and
   * its result is dropped
   */
  async within<T>(deadline: Deadline, work: () => Promise<T>): Promise<T> {
    const most = this.#most;
    if (this.#running >= most) throw failure("serving.overloaded", { name: "requests", expected: most });
    this.#running++;
    try {
      return await inTime(deadline, work);
    } finally {
      this.#running--;
    }
  }
}

/** What `work` gives. @throws UserError where the answer is due before */
export async function inTime<T>({ milliseconds, at }: Deadline, work: () => Promise<T>): Promise<T> {
  const late = () => failure("serving.late", { name: TIMEOUT_HEADER, expected: milliseconds });
  const left = at - performance.now();
  if (left <= 0) throw late();
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), left);
  });
  try {
    return await Promise.race([work(), end]);
  } finally {
    clearTimeout(timer);
  }
}
