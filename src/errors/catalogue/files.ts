/** Errors of files and folders, whatever they hold. */
import type { Entries } from "../entry.ts";

export interface FileOperation {
  /** What was tried: "read", "write", "create". */
  readonly action: string;
  readonly path: string;
}

export const files = {
  "file.absent": {
    status: 404,
    meaning: "There is no file or folder of that name.",
    message: ({ action, path }: FileOperation) => `cannot ${action} ${path}: no such file or folder`,
  },
  "file.denied": {
    status: 500,
    meaning: "The file system does not allow it.",
    message: ({ action, path, reason }: FileOperation & { reason: string }) => `cannot ${action} ${path}: ${reason}`,
  },
  "file.disk-full": {
    status: 507,
    meaning: "The disk or its quota has no space left.",
    message: ({ action, path, reason }: FileOperation & { reason: string }) => `cannot ${action} ${path}: ${reason}`,
  },
  "file.unusable": {
    status: 500,
    meaning: "A file or folder cannot be read or written for another reason, which the message gives.",
    message: ({ action, path, reason }: FileOperation & { reason: string }) => `cannot ${action} ${path}: ${reason}`,
  },
  "file.in-use": {
    status: 409,
    meaning: "Another process writes the same file or folder.",
    message: ({ path, owner }: { path: string; owner: string }) => `${path} is being written by ${owner}`,
  },
  "file.changed-meanwhile": {
    status: 409,
    meaning: "Another folder has come to the place of an output while it was written.",
    message: ({ path }: { path: string }) => `${path} was replaced by another program meanwhile; it stays as it is now`,
  },
  "file.no-lock": {
    status: 409,
    meaning: "Something else stands where a lock of this program should be.",
    message: ({ path }: { path: string }) => `${path} is in the way: it is no lock of this program`,
  },
  "file.cannot-lock": {
    status: 500,
    meaning: "The platform or the file system has no locks, without which two processes could write the same file.",
    message: ({ path, reason }: { path: string; reason: string }) => `cannot lock ${path}: ${reason}`,
  },
  "file.not-json": {
    status: 422,
    meaning: "A line of a file is not JSON.",
    message: ({ path, line, reason }: { path: string; line: number; reason: string }) =>
      `${path}: line ${line}: not JSON: ${reason}`,
  },
  "file.damaged": {
    status: 422,
    meaning: "A file does not hold what it should: it was changed, cut off, or written by another version or program.",
    message: ({ path, problem }: { path: string; problem: string }) => `${path} is damaged: ${problem}`,
  },
  "file.other-version": {
    status: 422,
    meaning: "A file was written by another version of this program, in a format that this one does not read.",
    message: ({ path, expected, found }: { path: string; expected: string; found: string }) =>
      `${path} was written by another version: expected ${expected}, found ${found}`,
  },
  "file.wrong-line": {
    status: 422,
    meaning: "A line of a text file is not of the kind that the file holds.",
    message: ({ path, line, expected }: { path: string; line: number; expected: string }) =>
      `${path}: line ${line}: expected ${expected}`,
  },
  "file.not-safetensors": {
    status: 422,
    meaning: "A file of tensors is not a valid safetensors file.",
    message: ({ path, problem }: { path: string; problem: string }) =>
      `${path} is not a valid safetensors file: ${problem}`,
  },
  "file.not-verifiable": {
    status: 404,
    meaning: "A path leads to nothing whose contents could be verified.",
    message: ({ path }: { path: string }) => `${path} is neither a dataset nor a run, and holds none`,
  },
  "file.packed": {
    status: 422,
    meaning: "A file that is read as text is packed.",
    message: ({ path, format }: { path: string; format: string }) =>
      `${path} is packed with ${format}: unpack it first`,
  },
  "file.exists": {
    status: 409,
    meaning: "A file that should be written is there already.",
    message: ({ path }: { path: string }) => `${path} exists`,
  },
  "file.not-ours": {
    status: 409,
    meaning: "A file that would be replaced was made by somebody else.",
    message: ({ path }: { path: string }) => `${path} is there already, and was not made by this program`,
  },
  "file.not-empty": {
    status: 409,
    meaning: "A folder that should be empty, or absent, holds files.",
    message: ({ path }: { path: string }) => `${path} exists and is not empty`,
  },
  "file.empty": {
    status: 422,
    meaning: "A file holds nothing.",
    message: ({ path }: { path: string }) => `${path} is empty`,
  },
  "file.cut-off": {
    status: 422,
    meaning: "A compressed stream ends too early.",
    message: ({ path, format, line }: { path: string; format: string; line?: number }) =>
      `${path} is cut off: its ${format} stream ${line === undefined ? "does not end" : `ends after line ${line}`}`,
  },
  "file.bad-stream": {
    status: 422,
    meaning: "A compressed stream is damaged.",
    message: ({ path, line, reason }: { path: string; line?: number; reason: string }) =>
      `${path} is damaged${line === undefined ? "" : ` after line ${line}`}: ${reason}`,
  },
  "file.no-room": {
    status: 507,
    meaning: "Disk or memory do not suffice for the work.",
    message: ({ path, reason }: { path: string; reason: string }) =>
      `disk or memory do not suffice (${path}): ${reason}`,
  },
  "file.line-too-long": {
    status: 413,
    meaning: "A line of a text file is too long to be one of a log.",
    message: ({ path, line, expected }: { path: string; line: number; expected: string }) =>
      `${path}: line ${line} is longer than ${expected}`,
  },
} satisfies Entries<"file">;
