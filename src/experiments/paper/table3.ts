/**
 * Table 3 of the paper (Zhou et al. 2019, https://arxiv.org/abs/1809.03672): the models in their industrial shape, a
 * deep head on short histories, on impressions.
 */
import type { Report } from "../../report/report.ts";
import type { LabDataset } from "../lab/datasets.ts";
import type { Lab } from "../lab/lab.ts";
import type { Variant } from "../lab/trials.ts";
import { compareModels } from "../results/comparison.ts";
import { industrialData } from "./published.ts";
import { augru, base, dien, din, gruAttention, pnn, wideDeep } from "./variants.ts";

/** The paper's shape; the settings of the experiment override it. */
const SHAPE = { "model.head.layers": [600, 400, 300, 200, 80], "train.max_history": 50 };

export async function table3(lab: Lab): Promise<Report> {
  const shape = { ...SHAPE, ...pick(lab.options.settings, Object.keys(SHAPE)) };
  const variants = [base, wideDeep, pnn, din, gruAttention, augru, dien].map(
    // A name of their own, so that their runs lie beside those of other experiments.
    ({ name, label, settings }): Variant => ({ name: `deep-${name}`, label, settings: { ...shape, ...settings } }),
  );
  const layers = JSON.stringify(shape["model.head.layers"]);
  return await compareModels(lab, {
    name: "table3",
    title: "Table 3: the models in the paper's industrial shape",
    variants,
    paper: industrialData,
    remarks: [
      `Every model has a head with hidden layers ${layers} and histories of at most ${shape["train.max_history"]} behaviours.`,
      ...lab.datasets.flatMap(remarkOf),
    ],
  });
}

/** The entries of `values` with these keys. */
function pick(values: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => keys.includes(key)));
}

function remarkOf({ name, manifest }: LabDataset): string[] {
  if (manifest.protocol === "impressions") return [];
  return [
    `The paper's table 3 uses impressions, clicked or not. ${name} has none: under its protocol, ${manifest.protocol}, negatives are sampled, which measures something else.`,
  ];
}
