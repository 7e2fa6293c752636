/** `dien prepare taobao` */
import type { Command } from "commander";
import { taobaoOptions } from "../../importers/taobao/options.ts";
import type { Context } from "../context.ts";
import { addOptions } from "../options.ts";
import { reportPrepared } from "./report.ts";

export function addTaobao(prepare: Command, context: Context): void {
  const command = prepare
    .command("taobao")
    .summary("from Taobao's display advertising data")
    .description(
      "Makes a dataset of Alimama's display advertising data (https://tianchi.aliyun.com/dataset/56): 2017-05-12 is validation, 2017-05-13 test.",
    );
  const read = addOptions(command, taobaoOptions);
  command
    .addHelpText(
      "after",
      `
Examples:
  dien prepare taobao --dir downloads --out data/taobao
  dien prepare taobao --dir downloads --types buy,cart --memory 8GB --out data/taobao-bought`,
    )
    .action(async () => {
      const { options, json } = await read();
      await reportPrepared(context, { out: options.out, json }, (onProgress) =>
        context.jobs.prepareTaobao(options, onProgress),
      );
    });
}
