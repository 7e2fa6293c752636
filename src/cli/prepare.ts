/** `dien prepare`: logs of any kind, or a synthetic shop, to a dataset folder. */
import type { Command } from "commander";
import type { Context } from "./context.ts";
import { addAmazon } from "./prepare/amazon.ts";
import { addEvents } from "./prepare/events.ts";
import { addSynthetic } from "./prepare/synthetic.ts";
import { addTaobao } from "./prepare/taobao.ts";

export function addPrepare(program: Command, context: Context): void {
  const prepare = program
    .command("prepare")
    .summary("make a dataset of behaviour logs")
    .description("Makes a dataset folder (Parquet and a manifest) that `dien train` and `dien evaluate` read.");
  addEvents(prepare, context);
  addAmazon(prepare, context);
  addTaobao(prepare, context);
  addSynthetic(prepare, context);
}
