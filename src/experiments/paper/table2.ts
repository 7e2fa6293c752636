/**
 * Table 2 of the paper (Zhou et al. 2019, https://arxiv.org/abs/1809.03672): DIEN and the models it was compared with,
 * on public data.
 */
import type { Report } from "../../report/report.ts";
import type { Lab } from "../lab/lab.ts";
import { compareModels } from "../results/comparison.ts";
import { publicData } from "./published.ts";
import { base, dien, din, gruAttention, pnn, wideDeep } from "./variants.ts";

export async function table2(lab: Lab): Promise<Report> {
  return await compareModels(lab, {
    name: "table2",
    title: "Table 2: DIEN and the models it was compared with",
    variants: [base, wideDeep, pnn, din, gruAttention, dien],
    paper: publicData,
    remarks: [],
  });
}
