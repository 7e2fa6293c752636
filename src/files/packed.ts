/** Compressed files: how they can be told, and how their streams can be damaged. */

/** Where files of a compression begin (RFC 1952, RFC 8878, and the formats' own documents). */
const BEGINNINGS = {
  gzip: [0x1f, 0x8b],
  zstd: [0x28, 0xb5, 0x2f, 0xfd],
  bzip2: [0x42, 0x5a, 0x68],
  xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
  zip: [0x50, 0x4b, 0x03, 0x04],
} as const;

/** So many bytes show it. */
export const BEGINNING_BYTES = 6;

/** How a file is packed that begins so; undefined where no sign of it is there. */
export function packedAs(head: Uint8Array): keyof typeof BEGINNINGS | undefined {
  const formats = Object.keys(BEGINNINGS) as (keyof typeof BEGINNINGS)[];
  return formats.find((format) => BEGINNINGS[format].every((byte, at) => head[at] === byte));
}

/** Thrown where a compressed stream does not end, or holds what it cannot. */
export class DamagedStream extends Error {
  readonly format: "gzip" | "zstd";
  /** Whether all of it was sound so far. */
  readonly isCutOff: boolean;

  constructor(format: "gzip" | "zstd", isCutOff: boolean, reason: string) {
    super(reason);
    this.format = format;
    this.isCutOff = isCutOff;
  }
}
