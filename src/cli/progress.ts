/**
 * Progress on stderr: one bar that moves where stderr is a terminal, and a plain line now and then elsewhere (logs,
 * CI), so that neither drowns the other.
 */
import cliProgress from "cli-progress";
import { printable } from "../errors/printable.ts";
import { count } from "../format.ts";
import type { Terminal } from "./context.ts";
import { print } from "./output.ts";

/** Milliseconds between two plain lines. */
const PAUSE = 5000;

export class ProgressDisplay {
  readonly #stream: Terminal;
  readonly #pause: number;
  #bar: cliProgress.SingleBar | undefined;
  #label = "";
  #lastLine: number;

  constructor(stream: Terminal, pause = PAUSE) {
    this.#stream = stream;
    this.#pause = pause;
    this.#lastLine = performance.now();
  }

  /** A line that stays. */
  note(text: string): void {
    this.#clear();
    print(this.#stream, [text]);
  }

  /**
   * How far the current step, `label`, has come: `done` of `total` (where that is known), and what else is worth
   * showing.
   */
  update(label: string, done: number, total: number | undefined, detail = ""): void {
    if (this.#stream.isTTY) {
      // The bar writes to the terminal itself.
      this.#draw(printable(label), done, total ?? 0, printable(detail));
    } else if (performance.now() - this.#lastLine >= this.#pause) {
      this.#lastLine = performance.now();
      const share = total === undefined ? count(done) : `${Math.floor((100 * done) / total)} %`;
      print(this.#stream, [`${label} ${share} ${detail}`.trimEnd()]);
    }
  }

  /** Takes the bar away. */
  close(): void {
    this.#clear();
  }

  #draw(label: string, done: number, total: number, detail: string): void {
    if (label !== this.#label) this.#clear();
    this.#label = label;
    if (this.#bar === undefined) {
      const format = "{label} {bar} {percentage} % {detail}";
      const options = { stream: this.#stream, format, barsize: 24, clearOnComplete: true, hideCursor: true, fps: 10 };
      this.#bar = new cliProgress.SingleBar(options, cliProgress.Presets.shades_classic);
      this.#bar.start(total, done, { label, detail });
    } else {
      this.#bar.update(done, { label, detail });
    }
  }

  #clear(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

const shown = new Set<ProgressDisplay>();

/** Runs a job with progress on `stream`, and takes the bar away however it ends. */
export async function withProgress<T>(stream: Terminal, job: (progress: ProgressDisplay) => Promise<T>): Promise<T> {
  const progress = new ProgressDisplay(stream);
  shown.add(progress);
  try {
    return await job(progress);
  } finally {
    progress.close();
    shown.delete(progress);
  }
}

/** Takes away what is shown, for a process that is about to end: the terminal gets its cursor back. */
export function closeProgress(): void {
  for (const progress of shown) progress.close();
}
