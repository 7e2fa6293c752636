/** `dien prepare taobao` */
import { type Command, InvalidArgumentError } from "commander";
import { SAMPLING_DEFAULTS } from "../../data/protocols.ts";
import { TAOBAO_TYPES, type TaobaoType } from "../../data/taobao/types.ts";
import { type Context, printJson } from "../context.ts";
import { addCommonOptions, gatherOptions, seedOption } from "../options.ts";
import { withProgress } from "../progress.ts";
import { eventsText } from "./counts.ts";
import { memoryOption } from "./memory.ts";

interface Flags {
  dir: string;
  types?: TaobaoType[];
  out: string;
  memory: number;
  seed: number;
  skipBadRows?: boolean;
  json?: boolean;
}

/** Parser of "pv,buy". */
function types(text: string): TaobaoType[] {
  const given = text.split(",").map((type) => type.trim());
  const known = TAOBAO_TYPES.filter((type) => given.includes(type));
  if (known.length === given.length) return known;
  throw new InvalidArgumentError(`Expected some of ${TAOBAO_TYPES.join(",")}, with commas between.`);
}

export function addTaobao(prepare: Command, context: Context): void {
  const command = prepare
    .command("taobao")
    .summary("from Taobao's display advertising data")
    .description(
      "Makes a dataset of Alimama's display advertising data (https://tianchi.aliyun.com/dataset/56): 2017-05-12 is validation, 2017-05-13 test.",
    )
    .option("--dir <folder>", "holds raw_sample, ad_feature, user_profile and behavior_log, each .csv or .csv.gz")
    .option("--types <types>", `of the behaviours these alone, with commas between: ${TAOBAO_TYPES.join(",")}`, types)
    .option("--out <folder>", "where the dataset goes; an older dataset there is replaced")
    .addOption(memoryOption())
    .addOption(seedOption(SAMPLING_DEFAULTS.seed))
    .option("--skip-bad-rows", "leave out rows that cannot be read, however many")
    .addHelpText(
      "after",
      `
Examples:
  dien prepare taobao --dir downloads --out data/taobao
  dien prepare taobao --dir downloads --types buy,cart --memory 8GB --out data/taobao-bought`,
    )
    .action(async () => {
      const { json, ...options } = await gatherOptions<Flags>(command, ["dir", "out"]);
      const summary = await withProgress(context.stderr, (progress) =>
        context.jobs.prepareTaobao(options, (stage, done, total) => progress.update(stage, done, total)),
      );
      for (const warning of summary.warnings) context.stderr.write(`warning: ${warning}\n`);
      if (json) return printJson(context, summary);
      context.stdout.write(eventsText(summary, options.out));
    });
  addCommonOptions(command);
}
