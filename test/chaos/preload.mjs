/**
 * Loaded before the program (`node --import`): lets one of its calls to the file system go wrong.
 *
 *   CHAOS_CALL=N      the N-th call, counted from 1, over all functions of CALLS
 *   CHAOS_DO          before: the process is killed instead of the call; after: once the call has been made;
 *                     ENOSPC, EIO, EACCES: the call fails with that error
 *   CHAOS_COUNT=FILE  writes down at the end how many calls there were
 *
 * What DuckDB writes goes past Node: faults there come from outside (kills at random moments, small disks).
 */
import fs from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";

/** Calls that change something on the disk, or make sure that it is there. */
const CALLS = [
  "open",
  "rename",
  "mkdir",
  "rm",
  "unlink",
  "truncate",
  "appendFile",
  "writeFile",
  "chmod",
  "link",
  "symlink",
];
const OF_HANDLES = ["write", "writeFile", "sync", "truncate"];

const NATIVE = ["tryLock", "swapSync"];
/** Those that cannot fail here: what cannot be removed stays, and so does the file of a lock that cannot be taken. */
const SAFE = ["rm", "unlink", "tryLock"];

const { CHAOS_CALL, CHAOS_DO, CHAOS_COUNT } = process.env;
const chosen = Number(CHAOS_CALL ?? 0);
let calls = 0;

const die = () => process.kill(process.pid, "SIGKILL");

function failing() {
  return Object.assign(new Error(`${CHAOS_DO}: made by the chaos test`), { code: CHAOS_DO, syscall: "write" });
}

/** `call` with its fault, where it is the chosen one. */
function faulty(call, isPromised = false) {
  const canFail = !SAFE.includes(call.name.replace(/Sync$/, ""));
  return function (...args) {
    const isChosen = ++calls === chosen && (canFail || CHAOS_DO === "before" || CHAOS_DO === "after");
    if (!isChosen) return call.apply(this, args);
    if (CHAOS_DO === "before") die();
    if (CHAOS_DO !== "after") {
      if (isPromised) return Promise.reject(failing());
      throw failing();
    }
    const made = call.apply(this, args);
    if (made instanceof Promise) return made.finally(die);
    die();
    return made;
  };
}

if (isMainThread) {
  const handle = await fs.promises.open(fileURLToPath(import.meta.url));
  const ofHandles = Object.getPrototypeOf(handle);
  await handle.close();
  for (const name of OF_HANDLES) {
    ofHandles[name] = faulty(ofHandles[name], true);
  }
  for (const name of CALLS) {
    fs.promises[name] = faulty(fs.promises[name], true);
    fs[`${name}Sync`] = faulty(fs[`${name}Sync`]);
  }
  syncBuiltinESMExports();
  const native = createRequire(import.meta.url)("fs-native-extensions");
  for (const name of NATIVE) native[name] = faulty(native[name]);
  // The loader of Node has opened files by now; they do not count.
  calls = 0;
  if (CHAOS_COUNT !== undefined) process.on("exit", () => writeCount(CHAOS_COUNT));
}

function writeCount(path) {
  const count = calls;
  fs.writeFileSync(path, `${count}`);
}
