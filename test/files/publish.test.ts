/**
 * Folders that appear whole or not at all, whatever happens at any step. A kill is played within this process: from a
 * step on nothing that the publication asks for happens any more, and its locks are freed, as the kernel does it.
 */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync as reallyRename,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { placeOf, replaceFile, writeFileAside } from "../../src/files/aside.ts";
import { onNote } from "../../src/files/notes.ts";
import { publishFolder } from "../../src/files/publish.ts";
import { temporaryFolder } from "../support/source.ts";

/** Steps left before the kill, and how many are under way; what is open; whether names can be exchanged. */
const world = vi.hoisted(() => ({ steps: Infinity, underWay: 0, opened: new Set<FileHandle>(), exchanges: true }));

vi.mock("node:fs/promises", async (load) => {
  const real = await load<typeof import("node:fs/promises")>();
  /** From the kill on nothing happens, and nothing comes back. */
  const step =
    (call: (...all: never[]) => Promise<unknown>) =>
    async (...all: never[]) => {
      if (world.steps-- <= 0) return await new Promise(() => {});
      world.underWay++;
      return await call(...all).finally(() => world.underWay--);
    };
  const handle = (file: FileHandle) =>
    new Proxy(file, {
      get: (_, name: keyof FileHandle) => {
        const value = file[name];
        if (typeof value !== "function") return value;
        return step(async (...all) => {
          if (name === "close") world.opened.delete(file);
          // Waiting for the disk would take most of the time of this test.
          if (name === "sync") return;
          return await (value as (...all: never[]) => unknown).apply(file, all);
        });
      },
    });
  const open = async (...all: Parameters<typeof real.open>) => {
    const file = await real.open(...all);
    world.opened.add(file);
    return handle(file);
  };
  const { readdir, rename, rm, mkdir, chmod, stat, lstat } = real;
  const calls = Object.entries({ open, readdir, rename, rm, mkdir, chmod, stat, lstat });
  return { ...real, ...Object.fromEntries(calls.map(([name, call]) => [name, step(call as never)])) };
});

/** Calls that do not wait: after a kill they do nothing, and what follows does not happen either. */
const atOnce = vi.hoisted(() => (call: () => unknown) => {
  if (world.steps-- > 0) return call();
  throw new Error("killed");
});
vi.mock("node:fs", async (load) => {
  const real = await load<typeof import("node:fs")>();
  return { ...real, renameSync: (from: string, to: string) => atOnce(() => real.renameSync(from, to)) };
});
vi.mock("../../src/files/native.ts", async (load) => {
  const real = await load<typeof import("../../src/files/native.ts")>();
  const exchange = real.exchanger();
  return {
    ...real,
    exchanger: () => (one: string, other: string) => atOnce(() => world.exchanges && exchange(one, other)),
  };
});

const base = temporaryFolder();
let folder: string;
let out: string;
let count = 0;
let notes: string[];
let silence: () => void;
beforeEach(() => {
  fresh();
  notes = [];
  silence = onNote((text) => notes.push(text));
  Object.assign(world, { steps: Infinity, exchanges: true });
});
afterEach(() => silence());

function fresh(): void {
  folder = join(base, `case${++count}`);
  out = join(folder, "out");
  mkdirSync(folder);
}

const PARTS = ["a", "b", "c"];
const fill = (path: string, text: string) => {
  for (const name of PARTS) writeFileSync(join(path, name), text);
};
const publish = (text: string, check = async () => {}) => publishFolder(out, check, async (path) => fill(path, text));
/** What all parts of OUT say; undefined where it is absent. */
function said(): string | undefined {
  if (!existsSync(out)) return undefined;
  expect(readdirSync(out).sort()).toEqual(PARTS);
  const texts = new Set(PARTS.map((name) => readFileSync(join(out, name), "utf8")));
  expect(texts.size).toBe(1);
  return [...texts][0];
}

/** Plays a publication that is killed after so many steps. Whether it was killed before its end. */
async function killed(text: string, steps: number): Promise<boolean> {
  world.steps = steps;
  const ended = publish(text).then(
    () => "ended",
    () => "killed",
  );
  const outcome = await Promise.race([ended, starved()]);
  world.steps = Infinity;
  for (const file of world.opened) await file.close();
  world.opened.clear();
  return outcome !== "ended";
}

async function starved(): Promise<string> {
  while (world.steps >= 0 || world.underWay > 0) await new Promise((resolve) => setImmediate(resolve));
  return "killed";
}

describe("a folder that is published", () => {
  it.each([
    ["an absent one", false, true],
    ["an earlier one, by an exchange of names", true, true],
    ["an earlier one, by two renames", true, false],
  ])(
    "in the place of %s is whole after a kill at any step, and the next one puts away the rest",
    async (_, earlier, exchanges) => {
      world.exchanges = exchanges;
      const old = earlier ? "old" : undefined;
      const seen = new Set<string | undefined>();
      let steps = 0;
      for (; ; steps++) {
        fresh();
        if (old !== undefined) {
          mkdirSync(out);
          fill(out, old);
        }
        if (!(await killed("new", steps))) break;
        const found = said();
        seen.add(found);
        // Only between two renames nothing stands at OUT: the next holder brings it back.
        if (found === undefined && earlier) expect(exchanges).toBe(false);
        else expect([old, "new"]).toContain(found);
        // The next one is killed too, somewhere in its first steps, when it puts away what the first one left.
        await killed("newer", (7 * steps) % 23);
        const failing = publish("never", async () => {
          if (existsSync(out)) said();
          else expect(earlier).toBe(false);
          throw new Error("refused");
        });
        await expect(failing).rejects.toThrow("refused");
        expect(readdirSync(folder)).toEqual(existsSync(out) ? ["out"] : []);
        await publish("last");
        expect([said(), readdirSync(folder)]).toEqual(["last", ["out"]]);
      }
      expect([said(), readdirSync(folder)]).toEqual(["new", ["out"]]);
      expect(steps).toBeGreaterThan(25);
      const between = earlier && !exchanges ? [undefined] : [];
      expect([...seen].sort()).toEqual(["new", old, ...between].sort());
    },
  );

  it("stays what it was where anything fails, and nothing is left beside it", async () => {
    await publish("old");
    const failing = publishFolder(
      out,
      async () => {},
      async (path) => {
        writeFileSync(join(path, "a"), "half");
        throw new Error("no luck");
      },
    );
    await expect(failing).rejects.toThrow("no luck");
    expect([said(), readdirSync(folder)]).toEqual(["old", ["out"]]);
  });

  it("is refused where something came into its place meanwhile", async () => {
    await publish("old");
    const check = async () => {
      if (existsSync(join(out, "notes.txt"))) throw new Error("holds notes.txt");
    };
    const publishing = publishFolder(out, check, async (path) => {
      fill(path, "new");
      writeFileSync(join(out, "notes.txt"), "days");
    });
    await expect(publishing).rejects.toThrow("holds notes.txt");
    expect(readdirSync(folder)).toEqual(["out"]);
    expect(readFileSync(join(out, "notes.txt"), "utf8")).toBe("days");
  });

  it("is refused where another folder came into its place meanwhile", async () => {
    await publish("old");
    const publishing = publishFolder(
      out,
      async () => {},
      async (path) => {
        fill(path, "new");
        reallyRename(out, join(folder, "moved"));
        mkdirSync(out);
        fill(out, "another program's");
      },
    );
    await expect(publishing).rejects.toMatchObject({ code: "file.changed-meanwhile", values: { path: out } });
    expect([said(), readdirSync(folder).sort()]).toEqual(["another program's", ["moved", "out"]]);
  });

  it("puts the earlier one back where names cannot be exchanged and the new one cannot have its name", async () => {
    world.exchanges = false;
    await publish("old");
    const check = async () => {
      const aside = readdirSync(folder).find((name) => name.includes(".tmp-"));
      if (aside !== undefined) reallyRename(join(folder, aside), join(folder, "elsewhere"));
    };
    await expect(publish("new", check)).rejects.toThrow("ENOENT");
    expect([said(), readdirSync(folder)]).toEqual(["old", ["elsewhere", "out"]]);
  });

  it("keeps the mode of the earlier one", async () => {
    mkdirSync(out);
    // One is narrower than the usual mode, the other wider.
    for (const mode of [0o700, 0o770]) {
      chmodSync(out, mode);
      await publish("new");
      expect(statSync(out).mode & 0o777).toBe(mode);
    }
  });

  it("has one writer at a time", async () => {
    const all = await Promise.allSettled(["one", "two", "three"].map((text) => publish(text)));
    const winners = all.flatMap(({ status }, i) => (status === "fulfilled" ? [["one", "two", "three"][i]] : []));
    expect(winners).toEqual([said()]);
    for (const one of all)
      if (one.status === "rejected") expect(one.reason.message).toContain("out is being written by");
    expect(readdirSync(folder)).toEqual(["out"]);
  });

  it.skipIf(process.platform === "win32")("tells what cannot be removed, and the next one tries again", async () => {
    await publish("old");
    mkdirSync(join(out, "deep"));
    writeFileSync(join(out, "deep", "file"), "old");
    const real = await vi.importActual<typeof import("node:fs/promises")>("node:fs/promises");
    const promises = await import("node:fs/promises");
    vi.spyOn(promises, "rm").mockImplementation(async (path, options) => {
      if (basename(String(path)).startsWith("out.tmp-")) throw Object.assign(new Error("busy"), { code: "EBUSY" });
      await real.rm(path, options);
    });
    await publish("new");
    expect(said()).toBe("new");
    expect(notes[0]).toMatch(/out was replaced, but cannot remove .*out\.tmp-.*: it is in use/);
    expect(readdirSync(folder)).toHaveLength(3);
    vi.restoreAllMocks();
    await publish("newer");
    expect([said(), readdirSync(folder)]).toEqual(["newer", ["out"]]);
    expect(notes[1]).toMatch(/out\.tmp-.* was removed/);
  });
});

describe("links and modes", () => {
  it("links are followed, also those to nothing yet", async () => {
    const path = (name: string) => join(folder, name);
    mkdirSync(path("deep"));
    symlinkSync("deep/data", path("to-nothing"));
    symlinkSync("deep", path("to-folder"));
    symlinkSync(path("to-nothing"), path("to-link"));
    symlinkSync("loop", path("loop"));
    const data = join(await placeOf(folder), "deep", "data");
    for (const name of ["to-nothing", "to-link", "to-folder/data", "deep/../deep/data"]) {
      expect(await placeOf(path(name))).toBe(data);
    }
    await expect(placeOf(path("loop"))).rejects.toThrow("ELOOP");
    out = path("to-nothing");
    await writeFileAside(out, "new");
    expect([readlinkSync(out), readFileSync(data, "utf8")]).toEqual(["deep/data", "new"]);
    expect(readdirSync(folder, { recursive: true }).filter((name) => /tmp|lock/.test(String(name)))).toEqual([]);
  });

  it.skipIf(process.platform === "win32")("a file keeps its mode, and is private while it is written", async () => {
    writeFileSync(out, "old");
    for (const mode of [0o600, 0o660]) {
      chmodSync(out, mode);
      await replaceFile(out, async (temporary) => {
        expect(lstatSync(temporary).mode & 0o777).toBe(mode);
        writeFileSync(temporary, "new");
      });
      expect([readFileSync(out, "utf8"), lstatSync(out).mode & 0o777]).toEqual(["new", mode]);
    }
    rmSync(out);
    await writeFileAside(out, "new");
    expect(lstatSync(out).mode & 0o777).toBe(0o666 & ~process.umask());
  });
});
