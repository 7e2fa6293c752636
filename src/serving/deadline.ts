/** How long a request may take: what its client is willing to wait, at most what the server allows. */
import type { HonoRequest } from "hono";
import { failure } from "../errors/failure.ts";
import type { Limits } from "./limits.ts";

export const TIMEOUT_HEADER = "x-request-timeout-ms";

export interface Deadline {
  readonly milliseconds: number;
  /** As `performance.now()` counts. */
  readonly at: number;
}

/** @throws UserError where the header is no number of milliseconds */
export function deadlineOf(request: HonoRequest, { maxSeconds }: Limits): Deadline {
  const most = maxSeconds * 1000;
  const given = request.header(TIMEOUT_HEADER);
  if (given !== undefined && !/^[1-9]\d{0,8}$/.test(given)) {
    throw failure("serving.wrong-header", { name: TIMEOUT_HEADER, expected: "a number of milliseconds", found: given });
  }
  const milliseconds = given === undefined ? most : Math.min(most, Number(given));
  return { milliseconds, at: performance.now() + milliseconds };
}

/** What `work` gives. @throws UserError where that takes too long; what has begun goes on, and nobody waits for it */
export async function withinTime<T>({ milliseconds }: Deadline, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(failure("serving.late", { name: TIMEOUT_HEADER, expected: milliseconds }));
    }, milliseconds);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
