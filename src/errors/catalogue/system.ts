/** Errors of the system and of libraries beneath this program, and defects of the program itself. */
import type { Entries } from "../entry.ts";

export interface Reason {
  /** The system call, the library, or the class of the error. */
  readonly name: string;
  readonly reason: string;
}

export const system = {
  "system.refused": {
    status: 500,
    meaning: "The operating system refuses a call that is of no file.",
    message: ({ name, reason }: Reason) => `the system refused ${name}: ${reason}`,
  },
  "system.no-memory": {
    status: 507,
    meaning: "The memory of the machine, or of the process, does not suffice.",
    message: ({ name, reason }: Reason) => `there is not enough memory: ${reason} (${name})`,
  },
  "system.library": {
    status: 500,
    meaning: "A library beneath this program gave up, for the reason in the message.",
    message: ({ name, reason }: Reason) => `${name} gave up: ${reason}`,
  },
  "system.defect": {
    status: 500,
    meaning: "A defect of `dien` itself.",
    message: ({ name, reason }: Reason) => `internal error, please report it: ${name}: ${reason}`,
  },
} satisfies Entries<"system">;
