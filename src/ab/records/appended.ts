/** A file that grows by whole lines: what could not be written whole is taken back. */
import { constants, ftruncateSync, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { failure } from "../../errors/failure.ts";
import { fileError } from "../../files/failures.ts";
import type { RecordFile } from "./files.ts";

/** Who was shown what, and bought what, is for those to say who keep it. */
const PRIVATE = 0o600;

export class AppendedFile {
  readonly path: string;
  readonly file: RecordFile;
  readonly #handle: FileHandle;
  #bytes = 0;
  #isDirty = false;
  /** The latest wait for the disk: whatever was written before it is there after it. */
  #syncing: Promise<void> = Promise.resolve();
  /** What of the file is on the disk is not known. */
  #isInDoubt = false;

  private constructor(path: string, file: RecordFile, handle: FileHandle) {
    this.path = path;
    this.file = file;
    this.#handle = handle;
  }

  /** Makes a new file. @throws UserError where that cannot be done */
  static async create(path: string, file: RecordFile): Promise<AppendedFile> {
    const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL } = constants;
    const handle = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL, PRIVATE).catch((error) => {
      throw fileError(error, "create", path);
    });
    return new AppendedFile(path, file, handle);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Hands lines to the system: they survive this process. At once, for that is a copy in memory and costs less than to
   * have another thread do it. @throws UserError where not all are there; then none is
   */
  append(lines: string): void {
    this.#checkSound();
    const bytes = Buffer.from(lines);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#handle.fd, bytes, at);
    } catch (error) {
      try {
        ftruncateSync(this.#handle.fd, this.#bytes);
      } catch {
        this.#isInDoubt = true;
      }
      throw fileError(error, "write", this.path);
    }
    this.#bytes += bytes.length;
    this.#isDirty = true;
  }

  /** Waits until all lines are on the disk. */
  async sync(): Promise<void> {
    this.#checkSound();
    if (this.#isDirty) {
      this.#isDirty = false;
      this.#syncing = this.#handle.datasync().catch((error) => {
        this.#isInDoubt = true;
        throw fileError(error, "write", this.path);
      });
    }
    await this.#syncing;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  #checkSound(): void {
    if (!this.#isInDoubt) return;
    throw failure("records.unavailable", {
      path: basename(this.path),
      reason: "what of it is on the disk is not known; start again",
    });
  }
}
