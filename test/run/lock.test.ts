/** Who may train a run: one process at a time (what a claim is: test/files/claim.test.ts). */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withLock } from "../../src/run/lock.ts";
import { temporaryFolder } from "../support/source.ts";

it("a run is trained by one at a time; its folder is made", async () => {
  const run = join(temporaryFolder(), "new", "run");
  const result = await withLock(run, async () => {
    const error = await withLock(run, () => expect.unreachable()).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "run.in-training" });
    expect(String(error)).toMatch(new RegExp(`run is being trained by process ${process.pid} on `));
    return 7;
  });
  expect([result, existsSync(join(run, "lock"))]).toEqual([7, false]);
});
