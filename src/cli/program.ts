/** The command line as a value: commands, help and exit codes. Nothing here touches the process; `main.ts` does. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { onNote } from "../files/notes.ts";
import { interruptible, isInterruption } from "../interruption.ts";
import { nativeBuild } from "../kernels/native/native-kernels.ts";
import { suggestion } from "../suggest.ts";
import { addAb } from "./ab.ts";
import { addCalibrate } from "./calibrate.ts";
import { type Context, INTERRUPTED } from "./context.ts";
import { addDemo } from "./demo.ts";
import { addEvaluate } from "./evaluate.ts";
import { addExperiment } from "./experiment.ts";
import { report } from "./failures.ts";
import { addInit } from "./init.ts";
import { addInspect } from "./inspect.ts";
import { addModels } from "./models.ts";
import { addVerbose, addVersion } from "./options.ts";
import { print, printOwn } from "./output.ts";
import { addPredict } from "./predict.ts";
import { addPrepare } from "./prepare.ts";
import { addServe } from "./serve.ts";
import { addStore } from "./store.ts";
import { addTrain } from "./train.ts";
import { addVerify } from "./verify.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

/** All commands. `finish` takes the exit code of a command that ends neither well (0) nor with an error. */
export function createProgram(context: Context, finish: (exitCode: number) => void): Command {
  const program = new Command("dien")
    .description("Deep Interest Evolution Network: click-through-rate prediction from behaviour sequences.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => printOwn(context.stdout, text),
      writeErr: (text) => printOwn(context.stderr, text),
      getOutHelpWidth: () => context.stdout.columns ?? 100,
      getErrHelpWidth: () => context.stderr.columns ?? 100,
      outputError: (text) => print(context.stderr, [inOneStyle(text).trimEnd()]),
    })
    .addHelpText(
      "after",
      `
Start here:
  dien demo                                     a synthetic shop, three models, a table; under two minutes
  dien init --events LOG                        from your own log to a first features.yaml
  dien prepare amazon --help                    from review dumps to a dataset
  dien train --data DIR --out RUN               from a dataset to a trained model
  dien experiment table2 --data DIR --out OUT   from a dataset to the comparison of all models

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted and stopped cleanly.`,
    );
  addVersion(program);
  program.on("option:version", () => {
    print(context.stdout, [`${version} (kernels: ${kernels()})`]);
    throw new CommanderError(0, "commander.version", "");
  });
  addDemo(program, context, finish);
  addInit(program, context);
  addPrepare(program, context);
  addInspect(program, context, finish);
  addModels(program, context);
  addTrain(program, context, finish);
  addEvaluate(program, context);
  addCalibrate(program, context);
  addPredict(program, context);
  addServe(program, context);
  addAb(program, context);
  addExperiment(program, context, finish);
  addStore(program, context);
  addVerify(program, context, finish);
  return program;
}

/** Those that compute where no --engine is given, and why they are not the native ones. */
function kernels(): string {
  const { addon, lack } = nativeBuild();
  return lack === undefined ? `native, ${addon.vectors}` : `wasm; no native ones: ${lack.reason}`;
}

/** An error of Commander's with its suggestions as we make them. */
function inOneStyle(text: string): string {
  return text
    .replace(/(option '--[\w-]+)=[^\n]*'/g, "$1=...'")
    .replace(/\n\(Did you mean (?:one of )?(.+)\?\)/, (_, words: string) => suggestion(words.split(", ")))
    .replace(/^(error: too many arguments.*)$/m, "$1 Patterns of files go in quotes: 'log/*.csv'.");
}

/** Runs one command line (without node and script). Returns the exit code; errors go to stderr. */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  let exitCode = 0;
  const program = createProgram(context, (code) => {
    exitCode = code;
  });
  const isVerbose = addVerbose(program);
  const endNotes = onNote((text) => print(context.stderr, [`note: ${text}`]));
  try {
    await interruptible(context.signal, () => program.parseAsync(argv, { from: "user" }));
    return exitCode;
  } catch (error) {
    if (context.signal.aborted && isInterruption(error)) {
      print(context.stderr, ["interrupted"]);
      return INTERRUPTED;
    }
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // Commander has printed it
    return report(context.stderr, error, isVerbose());
  } finally {
    endNotes();
  }
}
