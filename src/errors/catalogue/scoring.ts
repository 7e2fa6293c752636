/** Errors of a server's threads that score: of what is asked of them, and of their own. */
import type { Entries } from "../entry.ts";

export const scoring = {
  "scoring.overloaded": {
    status: 503,
    meaning: "More requests wait for their scores than are allowed to: the client may try again soon.",
    message: ({ name, waiting }: { name: string; waiting: number }) =>
      `model ${name} is overloaded: ${waiting} candidates wait for their scores`,
  },
  "scoring.deadline": {
    status: 504,
    meaning: "The time that a request allows for its answer was over before it could be scored.",
    message: ({ name }: { name: string }) => `model ${name} could not score the request before its deadline`,
  },
  "scoring.abandoned": {
    status: 400,
    meaning: "The client of a request left before it was scored.",
    message: ({ name }: { name: string }) => `nobody waits any more for the scores of model ${name}`,
  },
  "scoring.thread-ended": {
    status: 500,
    meaning: "A thread came to its end while it scored a request, or before it could. Another one takes its place.",
    message: ({ name, reason }: { name: string; reason: string }) =>
      `a thread that scores for model ${name} came to its end: ${reason}`,
  },
  "scoring.closed": {
    status: 503,
    meaning: "A request came when the server was about to end.",
    message: ({ name }: { name: string }) => `model ${name} is not served any more`,
  },
} satisfies Entries<"scoring">;
