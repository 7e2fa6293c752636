/** `--memory`, a size in bytes as people write it. */
import { InvalidArgumentError, Option } from "commander";

const UNITS: Readonly<Record<string, number>> = { MB: 2 ** 20, GB: 2 ** 30 };

/** "512MB" or "2GB" in bytes. */
function memorySize(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([MG]B)$/i.exec(text.trim()) ?? [];
  const size = Math.floor(Number(digits) * UNITS[unit?.toUpperCase()]);
  if (size >= 128 * UNITS.MB) return size;
  throw new InvalidArgumentError('Expected a size like "512MB" or "2GB", at least 128MB.');
}

export function memoryOption(): Option {
  return new Option("--memory <size>", "memory to get by with, about; more goes to the disk of --out")
    .argParser(memorySize)
    .default(2 * UNITS.GB, "2GB");
}
