/** A disk of a few kilobytes, where the system lets us make one: Linux, as root. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Kilobytes in which everything has room. */
const AMPLE = 200_000;

function mount(folder: string, options: string): boolean {
  return spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]).status === 0;
}

export function canMount(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), "dien-mount-"));
  const mounted = mount(folder, "size=64k");
  if (mounted) spawnSync("umount", [folder]);
  rmdirSync(folder);
  return mounted;
}

export class SmallDisk {
  readonly #folder: string;

  /** Mounts it at an empty folder. */
  constructor(folder: string, kilobytes: number) {
    this.#folder = folder;
    if (!mount(folder, `size=${kilobytes}k`)) throw new Error(`no disk can be mounted at ${folder}`);
  }

  grow(): void {
    mount(this.#folder, `remount,size=${AMPLE}k`);
  }

  remove(): void {
    spawnSync("umount", [this.#folder]);
  }
}
