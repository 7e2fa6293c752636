import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Terminal } from "../../src/cli/context.ts";
import { closeProgress, ProgressDisplay, withProgress } from "../../src/cli/progress.ts";
import { table } from "../../src/cli/table.ts";
import { showTraining } from "../../src/cli/training.ts";
import { count, duration, metric, percent, pValue, signed } from "../../src/format.ts";
import type { EpochEvent, StepEvent } from "../../src/training/events.ts";

/** A stream that keeps what is written; as a terminal it has the methods that a bar moves the cursor with. */
class Screen extends Writable implements Terminal {
  readonly isTTY: boolean;
  readonly columns = 120;
  text = "";

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

const step: StepEvent = {
  kind: "step",
  epoch: 1,
  epochs: 3,
  step: 50,
  steps: 200,
  losses: { target: 0.61234, auxiliary: 1.3 },
  total_loss: 1.91234,
  samples_per_s: 15203.4,
  seconds_left: 83,
};
const epoch: EpochEvent = {
  kind: "epoch",
  epoch: 1,
  losses: { target: 0.6 },
  total_loss: 0.6,
  valid: { auc: 0.71234, gauc: Number.NaN, logloss: 0.6 },
  seconds: 12.34,
  loading_seconds: 0,
  samples_per_s: 9999.6,
};

describe("progress", () => {
  it("is plain lines where there is no terminal, none before the pause is over", () => {
    const log = new Screen(false);
    const eager = new ProgressDisplay(log, 0);
    eager.update("reviews", 50, 200);
    eager.update("metadata", 1234, undefined, "lines");
    eager.close();
    expect(log.text).toBe("reviews 25 %\nmetadata 1,234 lines\n");
    const quiet = new Screen(false);
    new ProgressDisplay(quiet, 60_000).update("reviews", 50, 200);
    expect(quiet.text).toBe("");
  });

  it("is a bar on a terminal, gone when the job ends or fails, with notes left above it", async () => {
    const screen = new Screen(true);
    const failing = withProgress(screen, async (progress) => {
      progress.update("reviews", 50, 200, "detail");
      progress.note("a note");
      progress.update("reviews", 100, 200, "detail");
      throw new Error("broken");
    });
    await expect(failing).rejects.toThrow("broken");
    expect(screen.text).toContain("reviews ");
    expect(screen.text).toContain(" 25 % detail");
    expect(screen.text).toContain("a note\n");
    // The last thing that happens to the screen: the bar's line is cleared and the cursor shown again.
    expect(screen.text.slice(-40)).toContain("\u001b[?25h");
  });

  it("is taken away for a process that ends on one", async () => {
    const screen = new Screen(true);
    await withProgress(screen, async (progress) => {
      progress.update("reviews", 50, 200);
      expect(screen.text).toContain("\u001b[?25l");
      closeProgress();
      expect(screen.text).toContain("\u001b[?25h");
    });
  });

  it("of training shows losses, speed, time left and the last validation AUC", () => {
    const log = new Screen(false);
    const show = showTraining(new ProgressDisplay(log, 0), "din ");
    show(step);
    show(epoch);
    show({ ...step, epoch: 2, losses: { target: 0.61234, auxiliary: 1.3, hint: 0.2 }, total_loss: 2.11234 });
    show({ kind: "note", text: "stopped early" });
    expect(log.text.split("\n")).toEqual([
      "din epoch 1/3 25 % loss 1.9123 (target 0.6123, auxiliary 1.3000), 15,203 samples/s, 1:23 left",
      "din epoch 1: loss 0.6000; validation AUC 0.7123, GAUC n/a, logloss 0.6000; 12.3 s, 10,000 samples/s",
      "din epoch 2/3 25 % loss 2.1123 (target 0.6123, auxiliary 1.3000, hint 0.2000), AUC 0.7123, 15,203 samples/s, 1:23 left",
      "din stopped early",
      "",
    ]);
  });
});

describe("numbers and tables", () => {
  it("are written alike everywhere", () => {
    expect([metric(0.75), metric(Number.NaN), count(44726), count(0.6)]).toEqual(["0.7500", "n/a", "44,726", "1"]);
    expect([0.01, -0.02, 0, Number.NaN].map(signed)).toEqual(["+0.0100", "-0.0200", "0.0000", "n/a"]);
    expect([0.0417, -1, Number.POSITIVE_INFINITY].map(percent)).toEqual(["+4.17 %", "-100.00 %", "n/a"]);
    expect([0.0321, 1e-9, Number.NaN].map(pValue)).toEqual(["0.0321", "< 0.0001", "n/a"]);
    expect([8.26, 59.94, 60, 125.4, 3725].map(duration)).toEqual(["8.3 s", "59.9 s", "1:00", "2:05", "1:02:05"]);
  });

  it("are aligned, without trailing blanks", () => {
    const lines = table(
      ["model", "AUC"],
      [
        ["base", "0.7"],
        ["a-long-name", "0.8123"],
      ],
    );
    expect(lines).toEqual(["model           AUC", "base            0.7", "a-long-name  0.8123"]);
  });
});
