import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  currentSignal,
  endingItself,
  interruptible,
  isEndingItself,
  isInterruption,
  throwIfInterrupted,
} from "../src/interruption.ts";

describe("interruptible work", () => {
  it("obeys its signal wherever it leads", async () => {
    const stop = new AbortController();
    const loop = async () => {
      for (;;) {
        await setImmediate();
        throwIfInterrupted();
      }
    };
    const ended = interruptible(stop.signal, () => Promise.all([loop(), loop()]));
    stop.abort();
    await expect(ended).rejects.toBe(stop.signal.reason);
    expect(isInterruption(stop.signal.reason)).toBe(true);
    expect(currentSignal()).toBeUndefined();
    await expect(interruptible(stop.signal, () => Promise.resolve(1))).rejects.toBe(stop.signal.reason);
  });

  it("obeys that of its caller too", async () => {
    const [outer, inner] = [new AbortController(), new AbortController()];
    await interruptible(outer.signal, async () => {
      await interruptible(undefined, async () => expect(currentSignal()).toBe(outer.signal));
      await interruptible(inner.signal, async () => {
        throwIfInterrupted();
        outer.abort();
        expect(throwIfInterrupted).toThrow();
      });
    });
  });

  it("obeys none while it ends itself, which is known", async () => {
    const stop = new AbortController();
    await interruptible(stop.signal, async () => {
      stop.abort();
      await endingItself(async () => {
        throwIfInterrupted();
        expect(isEndingItself()).toBe(true);
      });
      expect(isEndingItself()).toBe(false);
      await endingItself(() => Promise.reject(new Error("failed"))).catch(() => {});
      expect(isEndingItself()).toBe(false);
    });
  });
});
