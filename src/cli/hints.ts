/**
 * What the command line adds to an error: which option or command mends it. The catalogue knows neither, because a caller
 * of the library and a client of a server have none.
 */
import type { Code, ValuesOf } from "../errors/catalogue/catalogue.ts";
import type { UserError } from "../errors/failure.ts";
import { machineFlag } from "./settings.ts";

type Hints = { readonly [C in Code]?: (values: ValuesOf<C>) => string | undefined };

export const hints: Hints = {
  "run.lacks": ({ what }) => (what === "calibration" ? "make one with `dien calibrate`" : undefined),
  "run.other-files": () => "choose another --out",
  "run.exists": () => "continue with --resume, or choose another --out",
  "run.other-dataset": () => "choose another --out",
  "run.other-model": () => "leave that out, or train without --from",
  "run.other-calibration": () => "calibrate it anew with `dien calibrate`",
  "run.unlike-values": () => "prepare it with the same features, and --like the dataset of that run",
  "run.other-start": () => "train into a new --out",
  "run.other-setting": () => "choose another --out, or remove the run",
  "file.other-version": () => "train the run again, into a new --out",
  "run.diverged": () => "train into a new --out",
  "run.unsupported-engine": () => "use --engine wasm",
  "run.no-address-space": () =>
    "raise it, or set NODE_OPTIONS=--disable-wasm-trap-handler (Node 20.15 or later), which reserves only what is used",
  "dataset.absent": () => "make one with `dien prepare`",
  "dataset.not-replaceable": () => "choose another --out",
  "market.other-data": () => "make one with `dien prepare synthetic` or `dien demo`",
  "features.no-table": ({ table }) => `give it with --${table}`,
  "source.unknown-format": () => "by --format, or by layout: {format: ...} in features.yaml",
  "file.exists": () => "choose another --out, or --force to replace it",
  "file.not-empty": () => "choose another --out",
  "file.no-lock": () => "move it elsewhere, or choose another --out",
  "file.cannot-lock": () => "choose an --out on another disk",
  "settings.machine-key": ({ key }) => `use --${machineFlag(key)}`,
  "usage.resumed-setting": () => "leave that out, or train into a new --out without --resume",
  "experiment.settled-key": () => "--seeds sets how many",
  "experiment.nothing-to-search": () => "leave out some --set",
  "system.defect": () => "repeat it with --verbose for what belongs into the report",
  "serving.wrong-name": () => "name it with --run NAME=RUN",
  "serving.taken-name": () => "name one of them with --run NAME=RUN",
  "serving.no-port": () => "choose another --port, or --host",
  "serving.unguarded": () =>
    "give one with --token-file, or --unguarded, with which everybody who reaches the port may ask for scores, and read, add and erase histories",
  "ab.no-times": () => "say so with --log-days",
  "ab.several": () => "say which with --experiment ab.yaml, or --name",
  "file.no-room": () => "allow more --memory, or choose an --out on a larger disk",
};

/** An error as the command line prints it. */
export function errorLine({ code, values, message }: UserError): string {
  const hint = (hints[code] as ((values: never) => string | undefined) | undefined)?.(values as never);
  return `error: ${message}${hint === undefined ? "" : `; ${hint}`}`;
}
