/**
 * Table 3 of the paper (Zhou et al. 2019, https://arxiv.org/abs/1809.03672): the models in their industrial shape, a deep
 * head on short histories, on impressions.
 */
import type { LabDataset } from "./datasets.ts";
import type { ExperimentRun } from "./experiment.ts";
import { compareModels } from "./model-table.ts";
import { industrialData } from "./paper.ts";
import { augru, base, dien, din, gruAttention, pnn, type Variant, wideDeep } from "./variants.ts";

/** The paper's shape; what is set with `--set` wins. */
const SHAPE = { "model.head.layers": [600, 400, 300, 200, 80], "train.max_history": 50 };

export const table3: ExperimentRun = (lab) => {
  const shape = { ...SHAPE, ...pick(lab.options.settings, Object.keys(SHAPE)) };
  const variants = [base, wideDeep, pnn, din, gruAttention, augru, dien].map(
    // A name of their own, so that their runs lie beside those of other experiments.
    ({ name, label, settings }): Variant => ({ name: `deep-${name}`, label, settings: { ...shape, ...settings } }),
  );
  const layers = JSON.stringify(shape["model.head.layers"]);
  return compareModels(lab, {
    name: "table3",
    title: "Table 3: the models in the paper's industrial shape",
    variants,
    paper: industrialData,
    remarks: [
      `Every model has a head with hidden layers ${layers} and histories of at most ${shape["train.max_history"]} behaviours.`,
      ...lab.datasets.flatMap(remarkOf),
    ],
  });
};

/** The entries of `values` with these keys. */
function pick(values: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => keys.includes(key)));
}

function remarkOf({ name, manifest }: LabDataset): string[] {
  if (manifest.protocol === "impressions") return [];
  return [
    `The paper's table 3 is of impressions, clicked or not. ${name} is not: under its protocol, ${manifest.protocol}, negatives are drawn, and what is measured is another question.`,
  ];
}
