/** Loading: several instances over one memory, addresses beyond 2 GiB. */
import { describe, expect, it } from "vitest";
import { loadKernels } from "../../src/kernels/load.ts";
import { BUILDS } from "./stage.ts";

describe.each([...BUILDS, "reference"] as const)("loading build %s", (build) => {
  it("leaves the memory as it was, however many instances share it", () => {
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
    const bytes = new Uint8Array(memory.buffer).fill(0xa5);
    for (let i = 0; i < 3; i++) loadKernels(memory, build);
    expect(bytes.every((byte) => byte === 0xa5)).toBe(true);
  });

  it("reaches addresses beyond 2 GiB", () => {
    const pages = 2 ** 15 + 16;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const kernels = loadKernels(memory, build);
    const base = 2 ** 31 + 64;
    const view = new Float32Array(memory.buffer, base, 64);
    const ids = new Int32Array(memory.buffer, base + 256, 32).fill(0);
    view.set([1, 2, 3, 4, 5, 6]);
    kernels.gemmNN(1, 2, 2, base, 2, base + 8, 2, base + 32, 2, 0, 0, 0);
    expect(Array.from(view.subarray(8, 10))).toEqual([13, 16]);
    ids.set([0, 0, -1]);
    const [head, tail, next, addresses, rows] = [2, 3, 4, 6, 8].map((index) => base + 256 + 4 * index);
    const count = kernels.linkRows(2, base + 256, base, 3, 0, head, tail, next, addresses, rows, 0);
    expect(count).toBe(1);
    expect(kernels.sumLinkedRows(0, 1, 3, rows, head, next, addresses, base + 64)).toBe(25 + 49 + 81);
    expect(Array.from(view.subarray(16, 19))).toEqual([5, 7, 9]);
  });
});
