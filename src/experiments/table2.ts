/**
 * Table 2 of the paper (Zhou et al. 2019, https://arxiv.org/abs/1809.03672): DIEN and the models it was compared with,
 * on public data.
 */
import type { ExperimentRun } from "./experiment.ts";
import { compareModels } from "./model-table.ts";
import { publicData } from "./paper.ts";
import { base, dien, din, gruAttention, pnn, wideDeep } from "./variants.ts";

export const table2: ExperimentRun = (lab) =>
  compareModels(lab, {
    name: "table2",
    title: "Table 2: DIEN and the models it was compared with",
    variants: [base, wideDeep, pnn, din, gruAttention, dien],
    paper: publicData,
    remarks: [],
  });
