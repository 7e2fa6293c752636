/** The palette is legible on both backgrounds and distinct with full, red-, green- and blue-weak colour vision. */
import { describe, expect, it } from "vitest";
import { DARK, LIGHT, PALETTE } from "../../src/report/plots/colours.ts";

/** Simulations of complete deficiency (Machado, Oliveira and Fernandes 2009), on linear RGB. */
const VISION: Readonly<Record<string, number[][]>> = {
  full: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const XYZ = [
  [0.4124, 0.3576, 0.1805],
  [0.2126, 0.7152, 0.0722],
  [0.0193, 0.1192, 0.9505],
];

const times = (matrix: number[][], vector: number[]) =>
  matrix.map((row) => row.reduce((sum, value, index) => sum + value * vector[index], 0));

function linear(hex: string): number[] {
  const channels = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  return channels.map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
}

/** CIELAB, in which distances are about as large as they look. */
function lab(rgb: number[]): number[] {
  const [x, y, z] = times(XYZ, rgb).map((value, index) => Math.cbrt(Math.max(0, value) / [0.9505, 1, 1.089][index]));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

describe.each([
  ["light", LIGHT, 0],
  ["dark", DARK, 1],
] as const)("the %s palette", (_, { background, text }, side) => {
  const colours = PALETTE.map((pair) => pair[side]);
  const luminance = (hex: string) => times(XYZ, linear(hex))[1];
  const contrast = (hex: string) => {
    const [a, b] = [luminance(hex), luminance(background)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };

  it("stands out from the background", () => {
    for (const colour of colours) expect(contrast(colour), colour).toBeGreaterThan(3);
    expect(contrast(text)).toBeGreaterThan(7);
  });

  it.each(Object.keys(VISION))("is distinct with %s colour vision", (vision) => {
    const seen = colours.map((hex) => lab(times(VISION[vision], linear(hex)).map((v) => Math.min(1, Math.max(0, v)))));
    seen.forEach((one, i) => {
      seen.slice(0, i).forEach((other, j) => {
        const distance = Math.hypot(...one.map((value, axis) => value - other[axis]));
        expect(distance, `${colours[i]} and ${colours[j]}`).toBeGreaterThan(20);
      });
    });
  });
});
