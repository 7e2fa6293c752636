/** Who may write to a place: one process at a time, whatever became of those before. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { replaceFile, writeFileAside } from "../../src/files/aside.ts";
import { folderPlace, isSigned, namesIn, type Place, wholePlace, withClaim } from "../../src/files/claim.ts";
import { tryLock } from "../../src/files/native.ts";
import { onNote } from "../../src/files/notes.ts";
import { temporaryFolder } from "../support/source.ts";

/** What happens right before the next lock. */
const beforeLock = vi.hoisted(() => ({ call: (): void => {} }));
vi.mock("../../src/files/native.ts", async (load) => {
  const real = await load<typeof import("../../src/files/native.ts")>();
  const tryLock: typeof real.tryLock = (fd, path) => {
    const { call } = beforeLock;
    beforeLock.call = () => {};
    call();
    return real.tryLock(fd, path);
  };
  return { ...real, tryLock };
});

const base = temporaryFolder();
let folder: string;
let count = 0;
let notes: string[];
let silence: () => void;
beforeEach(() => {
  folder = join(base, `case${++count}`);
  mkdirSync(folder);
  notes = [];
  silence = onNote((text) => notes.push(text));
});
afterEach(() => silence());

const id = "0123456789ab";
const holder = (more: object = {}) => JSON.stringify({ id, pid: 4_000_000, host: "elsewhere", ...more });
const refusal = (place: Place) =>
  withClaim(place, () => expect.unreachable()).catch(({ code, message }) => `${code}: ${message}`);

const built = JSON.stringify(join(process.cwd(), "dist/files/claim.js"));

/** Runs `script`, a module with the claims at hand, in a process of its own. */
function child(script: string) {
  const source = `import { folderPlace, wholePlace, withClaim } from ${built}; ${script}`;
  return spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: ["ignore", "pipe", "inherit"] });
}

/** A process that holds a claim until it is killed, and has two files under way. */
async function holding(place: string) {
  const other = child(`await withClaim(${place}, async (id) => {
    const { mkdirSync, writeFileSync } = await import("node:fs");
    mkdirSync("${folder}/deep", { recursive: true });
    for (const name of ["a", "deep/b"]) writeFileSync("${folder}/" + name + ".tmp-" + id, "half");
    console.log("held");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  })`);
  await once(other.stdout, "data");
  return other;
}

describe("a claim", () => {
  it("names its holder as long as the work lasts, and is gone after it, also when that fails", async () => {
    for (const place of [folderPlace(folder), wholePlace(join(folder, "out"))]) {
      const result = await withClaim(place, async (id) => {
        expect(JSON.parse(readFileSync(place.lock, "utf8"))).toEqual({ id, pid: process.pid, host: hostname() });
        expect(id).toMatch(/^[0-9a-f]{12}$/);
        return 7;
      });
      expect([result, readdirSync(folder)]).toEqual([7, []]);
      const failing = withClaim(place, () => Promise.reject(new Error("no luck")));
      await expect(failing).rejects.toThrow("no luck");
      expect(readdirSync(folder)).toEqual([]);
    }
    expect(notes).toEqual([]);
  });

  it("is had by one at a time, of one process and of several", async () => {
    const place = folderPlace(folder);
    const owner = (pid = process.pid) => `file.in-use: ${folder} is being written by process ${pid} on ${hostname()}`;
    await withClaim(place, async () => expect(await refusal(place)).toBe(owner()));
    const other = await holding(`folderPlace("${folder}")`);
    expect(await refusal(place)).toBe(owner(other.pid));
    expect(await refusal(folderPlace(folder, "run.in-training"))).toMatch(/^run\.in-training: .* is being trained by /);
    other.kill("SIGKILL");
    await once(other, "exit");
    expect(await withClaim(place, async () => "had")).toBe("had");
  });

  it("excludes however many ask at once, and whatever is there: nobody's file, or that of the dead", async () => {
    const place = folderPlace(folder);
    for (let round = 0; round < 30; round++) {
      if (round % 3 > 0) writeFileSync(place.lock, round % 3 === 1 ? "" : holder());
      let [inside, most, done, refused] = [0, 0, 0, 0];
      const one = async () => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
        await withClaim(place, async () => {
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 2));
          inside--;
          done++;
        }).catch(({ code }) => {
          expect(code).toBe("file.in-use");
          refused++;
        });
      };
      await Promise.all(Array.from({ length: 8 }, one));
      expect([most, done + refused]).toEqual([1, 8]);
      expect(existsSync(place.lock)).toBe(false);
    }
  });

  it("excludes processes that take it from each other without a pause", async () => {
    const log = join(folder, "log");
    const script = `const { appendFileSync } = await import("node:fs");
      for (let end = Date.now() + 700; Date.now() < end; ) {
        await withClaim(folderPlace("${folder}"), async () => {
          for (const what of ["in", "out"]) appendFileSync("${log}", what + " " + process.pid + "\\n");
        }).catch((error) => { if (error.code !== "file.in-use") throw error; });
      }`;
    const codes = await Promise.all(Array.from({ length: 3 }, async () => (await once(child(script), "exit"))[0]));
    expect(codes).toEqual([0, 0, 0]);
    const lines = readFileSync(log, "utf8").trim().split("\n");
    for (let i = 0; i < lines.length; i += 2) {
      expect([lines[i], lines[i + 1]]).toEqual([lines[i], lines[i].replace("in", "out")]);
    }
    expect(new Set(lines).size).toBeGreaterThan(2);
    expect(readdirSync(folder)).toEqual(["log"]);
  });

  it("is tried again where the file was removed, and made anew by another, before it was locked", async () => {
    const place = folderPlace(folder);
    let other = 0;
    beforeLock.call = () => {
      rmSync(place.lock);
      other = openSync(place.lock, "a");
      expect(tryLock(other, place.lock)).toBe(true);
    };
    expect(await refusal(place)).toMatch(/^file\.in-use: /);
    closeSync(other);
    beforeLock.call = () => rmSync(place.lock);
    expect(await withClaim(place, async () => existsSync(place.lock))).toBe(true);
  });

  it("counts as held while its line is not written yet", async () => {
    const place = folderPlace(folder);
    const file = await open(place.lock, "a");
    expect(tryLock(file.fd, place.lock)).toBe(true);
    expect(await refusal(place)).toBe(`file.in-use: ${folder} is being written by another process`);
    await file.close();
    expect(await withClaim(place, async () => "had")).toBe("had");
  });

  it("is taken from the dead, whatever their process number or host is now, and from those before claims had ids", async () => {
    const cut = holder().slice(0, 20);
    const old = [
      holder({ pid: process.pid, host: hostname() }),
      ...[holder(), `${holder()}\n${holder()}\n`, "\0\0\0", cut, `${cut}\n${holder()}\n{`],
    ];
    const older = { pid: process.ppid, host: hostname() };
    for (const content of [...old, JSON.stringify(older), ""]) {
      writeFileSync(join(folder, "lock"), content);
      expect(await withClaim(folderPlace(folder), async () => readdirSync(folder))).toEqual(["lock"]);
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it("is refused where something else has its name, which is left alone", async () => {
    const place = folderPlace(folder);
    const refused = `file.no-lock: ${place.lock} is in the way: it is no lock of this program`;
    const strange = [
      "mine",
      '{"id":"x","pid":1,"host":"h"}',
      '{"pid":1}',
      `${holder()}\nmine`,
      "{".repeat(2 ** 20 + 1),
    ];
    for (const content of strange) {
      writeFileSync(place.lock, content);
      expect(await refusal(place)).toBe(refused);
      expect(readFileSync(place.lock, "utf8")).toBe(content);
    }
    const within = (name: string, make: (path: string) => void) => {
      mkdirSync(join(folder, name));
      make(join(folder, name, "lock"));
      return folderPlace(join(folder, name));
    };
    const places = [
      within("folder", mkdirSync),
      within("link", (path) => symlinkSync(place.lock, path)),
      ...(process.platform === "win32" ? [] : [within("pipe", (path) => spawnSync("mkfifo", [path]))]),
    ];
    for (const place of places) {
      expect(await refusal(place)).toMatch(/^file\.no-lock: /);
      // Nor does it keep anybody who only looks.
      expect([await isSigned(place), await namesIn(place.path)]).toEqual([false, ["lock"]]);
    }
  });

  it("cannot be made in a folder that is not there", async () => {
    const out = join(folder, "absent", "out");
    expect(await refusal(wholePlace(out))).toBe(`file.absent: cannot write ${out}: no such file or folder`);
  });
});

describe("what a killed holder left", () => {
  it("in a folder is removed by the next, which says so, and nothing else", async () => {
    const other = await holding(`folderPlace("${folder}")`);
    const mine = ["a", "a.tmp-123", "a.tmp-ffffffffffff", "tmp-x"];
    for (const name of mine) writeFileSync(join(folder, name), "mine");
    other.kill("SIGKILL");
    await once(other, "exit");
    expect((await namesIn(folder)).sort()).toEqual(["a", "a.tmp-123", "a.tmp-ffffffffffff", "deep", "tmp-x"]);
    await withClaim(folderPlace(folder), async () => {});
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual([...mine, "deep"].sort());
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(
      new RegExp(`^${folder}: process ${other.pid} on .* was killed while it wrote there; .*a\\.tmp-.* was removed`),
    );
  });

  it("in a folder is looked for in no other that a link leads to", async () => {
    const other = join(base, "other");
    mkdirSync(other);
    writeFileSync(join(other, `a.tmp-${id}`), "mine");
    for (const [to, name] of [[other, "link"], ...["a", "b", "c"].map((name) => [".", name])]) {
      symlinkSync(to, join(folder, name));
    }
    writeFileSync(join(folder, "lock"), holder());
    await withClaim(folderPlace(folder), async () => {});
    expect(readdirSync(other)).toEqual([`a.tmp-${id}`]);
    expect([readdirSync(folder), notes]).toEqual([["a", "b", "c", "link"], []]);
  });

  it("in a folder has the folder's id, also where a link leads to it, so that one claim knows all of it", async () => {
    const run = join(folder, "run");
    mkdirSync(run);
    symlinkSync("run", join(folder, "link"));
    const place = folderPlace(join(folder, "link"));
    await withClaim(place, (id) =>
      replaceFile(join(folder, "link", "a"), async () => {
        expect(readdirSync(run).sort()).toEqual([`a.tmp-${id}`, "lock"]);
      }),
    );
    expect(readdirSync(run)).toEqual(["a"]);
  });

  it("of a place that was being replaced is removed", async () => {
    const out = join(folder, "out");
    writeFileSync(`${out}.lock`, holder());
    mkdirSync(`${out}.tmp-${id}`);
    writeFileSync(join(`${out}.tmp-${id}`, "a"), "half");
    writeFileSync(`${out}.tmp-123`, "mine");
    await writeFileAside(out, "new");
    expect(readdirSync(folder).sort()).toEqual(["out", "out.tmp-123"]);
    expect(notes).toEqual([
      `${out}: process 4000000 on elsewhere was killed while it wrote there; ${out}.tmp-${id} was removed`,
    ]);
  });

  it("between two renames comes back", async () => {
    const out = join(folder, "out");
    writeFileSync(`${out}.lock`, holder());
    writeFileSync(`${out}.tmp-${id}`, "new");
    writeFileSync(`${out}.old-${id}`, "old");
    await withClaim(wholePlace(out), async () => expect(readFileSync(out, "utf8")).toBe("old"));
    expect(readdirSync(folder)).toEqual(["out"]);
    expect(notes[0]).toContain("what stood there before is back");
  });
});
