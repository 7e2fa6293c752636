import { execFile, execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { replaceFile, replaceFiles, writeFileAside } from "../../src/files/aside.ts";
import { fileError } from "../../src/files/failures.ts";
import { appendLine, makeFolder } from "../../src/files/plain.ts";
import { removeUnfinished, withTemporary } from "../../src/files/unfinished.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dien-files-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("files", () => {
  it("writes texts and pieces of bytes, replacing what was there and leaving nothing beside it", async () => {
    const path = join(folder, "a.bin");
    await writeFileAside(path, "old");
    const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 3).fill(65);
    await writeFileAside(path, [Uint8Array.of(104, 105), new Uint8Array(0), shared]);
    expect(readFileSync(path, "utf8")).toBe("hiAAA");
    expect(readdirSync(folder)).toEqual(["a.bin"]);
  });

  it("gives several files their names when all are written, or none", async () => {
    const paths = ["a.txt", "b.txt", "c.txt"].map((name) => join(folder, name));
    const write = (text: string) => async (temporary: string) => writeFileSync(temporary, text);
    await replaceFiles(paths.map((path) => ({ path, write: write("old") })));
    const fail = () => Promise.reject(new Error("no"));
    const broken = paths.map((path, i) => ({ path, write: i === 2 ? fail : write("new") }));
    await expect(replaceFiles(broken)).rejects.toThrow("no");
    expect(paths.map((path) => readFileSync(path, "utf8"))).toEqual(["old", "old", "old"]);
    expect(readdirSync(folder).sort()).toEqual(["a.txt", "b.txt", "c.txt"]);
  });

  it("keeps the old file and removes the temporary one when writing fails midway", async () => {
    const path = join(folder, "a.txt");
    writeFileSync(path, "old");
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    const writing = replaceFile(path, async (temporary) => {
      writeFileSync(temporary, "half");
      throw full;
    });
    await expect(writing).rejects.toMatchObject({
      code: "file.disk-full",
      message: `cannot write ${path}: no space left on device`,
    });
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["a.txt"]);
  });

  it("replaces the file that a link leads to, and keeps the link", async () => {
    const [path, link] = [join(folder, "a.txt"), join(folder, "link")];
    writeFileSync(path, "old");
    symlinkSync("a.txt", link);
    await writeFileAside(link, "new");
    expect(readlinkSync(link)).toBe("a.txt");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(readdirSync(folder)).toEqual(["a.txt", "link"]);
  });

  it.skipIf(process.platform === "win32")("writes straight into what is no file and keeps it", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const reading = promisify(execFile)("cat", [pipe], { timeout: 2000 });
    await writeFileAside(pipe, "through");
    expect((await reading).stdout).toBe("through");
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    expect(readdirSync(folder)).toEqual(["pipe"]);
  });

  it("removes what is unfinished, file or folder, when asked to", async () => {
    const aside = join(folder, "folder.tmp");
    const writing = withTemporary(aside, async () => {
      mkdirSync(aside);
      writeFileSync(join(aside, "a"), "half");
      await replaceFile(join(folder, "b.txt"), async (temporary) => {
        writeFileSync(temporary, "half");
        expect(readdirSync(folder)).toHaveLength(3);
        removeUnfinished();
        expect(readdirSync(folder)).toEqual([]);
      });
    });
    await expect(writing).rejects.toThrow("no such file or folder");
  });

  it("makes folders with their parents, and gives up where one cannot be made", async () => {
    const deep = join(folder, "a", "b", "c");
    await Promise.all([makeFolder(deep), makeFolder(deep), makeFolder(join(folder, "a", "b"))]);
    expect(existsSync(deep)).toBe(true);
    await makeFolder(deep);
    writeFileSync(join(deep, "file"), "");
    await expect(makeFolder(join(deep, "file"))).rejects.toThrow("a file of that name is in the way");
    if (existsSync("/proc/self")) await expect(makeFolder("/proc/x/y")).rejects.toThrow("cannot create /proc/x/y: ");
    rmSync(join(folder, "a"), { recursive: true });
  });

  it("reports failures of the file system in one line that names the file", async () => {
    const absent = join(folder, "absent", "a.json");
    await expect(writeFileAside(absent, "x")).rejects.toThrow(`cannot write ${absent}: no such file or folder`);
    await expect(appendLine(folder, "x")).rejects.toThrow(`cannot write ${folder}: it is a folder`);
    const occupied = join(folder, "folder");
    mkdirSync(occupied);
    await expect(writeFileAside(occupied, "x")).rejects.toThrow(`cannot write ${occupied}: it is a folder`);
    expect(readdirSync(folder)).toEqual(["folder"]);
    const file = join(folder, "file");
    writeFileSync(file, "");
    await expect(makeFolder(file)).rejects.toThrow(`cannot create ${file}: a file of that name is in the way`);
  });

  it("does not hide defects as mistakes of the user", () => {
    const defect = new TypeError("x is undefined");
    expect(fileError(defect, "write", "a")).toBe(defect);
  });

  it("appends lines, creates folders, reads JSON and says where it is none", async () => {
    const deep = join(folder, "a", "b");
    await makeFolder(deep);
    await makeFolder(deep);
    const log = join(deep, "metrics.jsonl");
    await appendLine(log, '{"step":1}');
    await appendLine(log, '{"step":2}');
    expect(readFileSync(log, "utf8")).toBe('{"step":1}\n{"step":2}\n');
  });
});
