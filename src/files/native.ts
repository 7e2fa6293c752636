/**
 * What Node has no call for: locks of the operating system, and the exchange of two names in one step. The package is
 * loaded when first needed, so that whoever only reads does without it.
 */
import { createRequire } from "node:module";
import { arch, platform } from "node:process";
import { failure } from "../errors/failure.ts";

/** What is used of the package, which has no types of its own. */
interface Native {
  /** False where another opening of the file has the lock. */
  tryLock(fd: number): boolean;
  swapSync(from: string, to: string): void;
}

const require = createRequire(import.meta.url);
const load = (): Native => require("fs-native-extensions");

/**
 * Locks an open file, until it is closed or its process ends, however that comes about; no other opening of the file,
 * in this process or any other, gets the lock meanwhile. False where another has it.
 * @param path what the error names
 * @throws UserError where the platform or the file system has no locks
 */
export function tryLock(fd: number, path: string): boolean {
  let native: Native;
  try {
    native = load();
  } catch {
    throw failure("file.cannot-lock", { path, reason: `fs-native-extensions does not run on ${platform}-${arch}` });
  }
  try {
    return native.tryLock(fd);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw failure("file.cannot-lock", { path, reason: `its file system gives no locks (${code}: ${message})` });
  }
}

/** Codes of systems that cannot exchange names: no such call, or not on this file system. */
const UNABLE = ["ENOSYS", "EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOTTY"];

/**
 * A function that exchanges two names in one step, so that each is there at every moment. It is false where the system
 * cannot, and nothing is changed.
 */
export function exchanger(): (one: string, other: string) => boolean {
  // There the package renames three times.
  if (platform === "win32") return () => false;
  const { swapSync } = load();
  return (one, other) => {
    try {
      swapSync(one, other);
      return true;
    } catch (error) {
      if (UNABLE.includes((error as NodeJS.ErrnoException).code ?? "")) return false;
      throw error;
    }
  };
}
