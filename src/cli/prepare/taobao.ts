/** `dien prepare taobao` */
import { type Command, InvalidArgumentError } from "commander";
import { TAOBAO_TYPES, type TaobaoType } from "../../importers/taobao/types.ts";
import type { Context } from "../context.ts";
import { addCommonOptions, gatherOptions } from "../options.ts";
import { addLogOptions, type LogFlags, tellPrepared } from "./logs.ts";

interface Flags extends LogFlags {
  dir: string;
  types?: TaobaoType[];
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
    .addHelpText(
      "after",
      `
Examples:
  dien prepare taobao --dir downloads --out data/taobao
  dien prepare taobao --dir downloads --types buy,cart --memory 8GB --out data/taobao-bought`,
    )
    .action(async () => {
      const { json, ...options } = await gatherOptions<Flags>(command, ["dir", "out"]);
      await tellPrepared(context, { out: options.out, json }, (onProgress) =>
        context.jobs.prepareTaobao(options, onProgress),
      );
    });
  addCommonOptions(addLogOptions(command));
}
