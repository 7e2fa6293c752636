/** Failures of the disk as errors that name the file and say why. */
import { getSystemErrorMap } from "node:util";
import { withoutAddress } from "../errors/addresses.ts";
import { failure } from "../errors/failure.ts";
import { DamagedStream } from "./packed.ts";

const REASONS = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on device",
  EDQUOT: "disk quota exceeded",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is not a folder",
  EEXIST: "a file of that name is in the way",
  ENAMETOOLONG: "the name is too long",
  EMFILE: "too many open files",
  EIO: "input/output error",
  EBUSY: "it is in use, perhaps as a mount point",
  ETXTBSY: "it is a program that runs",
  EFBIG: "it would be larger than the file system allows",
  ESTALE: "its network disk has lost it",
  EXDEV: "it lies on another file system",
  ENOTEMPTY: "the folder is not empty",
  ESPIPE: "a pipe cannot be read at a place",
  ELOOP: "its links lead to one another",
  ENXIO: "there is no such device, or nobody at the other end of it",
  ERR_FS_FILE_TOO_LARGE: "it is too large to be read as a whole",
  ERR_STRING_TOO_LONG: "it is too large to be read as a whole",
  ERR_INVALID_ARG_VALUE: "it is no name of a file",
} as const;

/**
 * A failed file operation as an error for users: `cannot ACTION PATH: REASON`. Errors that are not of the file system
 * come back unchanged, so `throw fileError(error, ...)` hides no defect. A path that looks like an address is not shown.
 */
export function fileError(error: unknown, action: string, given: string): unknown {
  const path = withoutAddress(given);
  // The system's own words repeat the path.
  const cause = path === given ? error : undefined;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return failure("file.absent", { action, path }, cause);
  const reason = isKnown(code) ? REASONS[code] : systemReason(error);
  if (reason === undefined) return error;
  const values = { action, path, reason };
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") return failure("file.denied", values, cause);
  if (code === "ENOSPC" || code === "EDQUOT") return failure("file.disk-full", values, cause);
  return failure("file.unusable", values, cause);
}

/** What the system calls an error of its own; undefined where it is none. */
export function systemReason(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("errno" in error) || typeof error.errno !== "number") return undefined;
  return getSystemErrorMap().get(error.errno)?.[1];
}

/** What broke off the reading of a file that may be compressed, after `line` of it where lines are counted. */
export function readingError(error: unknown, path: string, line?: number): unknown {
  if (!(error instanceof DamagedStream)) return fileError(error, "read", path);
  const where = line === undefined ? { path } : { path, line };
  if (error.isCutOff) return failure("file.cut-off", { ...where, format: error.format });
  return failure("file.bad-stream", { ...where, reason: error.message });
}

function isKnown(code: string): code is keyof typeof REASONS {
  return Object.hasOwn(REASONS, code);
}

/** For `catch` after a look at a path: undefined where there is nothing. */
export function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
