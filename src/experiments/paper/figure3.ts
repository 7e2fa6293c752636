/**
 * Figure 3 of the paper (Zhou et al. 2019, https://arxiv.org/abs/1809.03672): how the interest evolves under different
 * candidates. For one user and several candidates, and for uniform attention ("none"): AUGRU's hidden states, projected
 * to two dimensions and joined in order, and the attention to each behaviour.
 */
import { failure } from "../../errors/failure.ts";
import { metric, share } from "../../format.ts";
import { attentionPlot } from "../../report/plots/attention.ts";
import { trajectoryPlot } from "../../report/plots/trajectory.ts";
import type { Report, ReportBlock } from "../../report/report.ts";
import { type Explainer, type Explanation, loadExplainer } from "../../scoring/explain.ts";
import { project } from "../../statistics/principal-components.ts";
import type { LabDataset } from "../lab/datasets.ts";
import type { Lab } from "../lab/lab.ts";
import type { TrainedRun } from "../lab/trials.ts";
import { repeatCommands } from "../results/commands.ts";
import { type Candidate, type Example, findExample } from "./example.ts";
import { NamedDataset } from "./named-dataset.ts";
import { dien } from "./variants.ts";

export interface Figure3Options {
  /** The user to show, by the key in the data; default: the one whose attention differs most between two candidates. */
  readonly user?: string | undefined;
}

export async function figure3(lab: Lab, { user }: Figure3Options): Promise<Report> {
  const named: NamedDataset[] = [];
  for (const dataset of lab.datasets) named.push(await NamedDataset.open(dataset));
  // A mistyped user is reported before anything is trained.
  for (const { name, users } of named) {
    if (user !== undefined && !users.includes(user)) throw failure("experiment.unknown-user", { dataset: name, user });
  }
  const runs = await lab.train(lab.trials([dien], lab.datasets, 1));
  const views = [];
  for (const [i, run] of runs.entries()) views.push(await viewOf(run, named[i], user));
  return {
    name: "figure3",
    title: "Figure 3: how an interest evolves",
    lead: views.map(({ lead }) => lead).join(" "),
    blocks: views.flatMap(({ blocks }) => blocks),
    data: { states: views.flatMap(({ rows }) => rows) },
    commands: repeatCommands(lab, "figure3", runs, user === undefined ? [] : ["--user", user]),
  };
}

/** The model's attention and states under one candidate. */
interface Series {
  readonly name: string;
  readonly explanation: Explanation;
  /** For each behaviour, whether it has the candidate's category. */
  readonly own: readonly boolean[];
}

async function viewOf({ dataset, folder }: TrainedRun, named: NamedDataset, user: string | undefined) {
  const explainer = await loadExplainer(folder);
  const uniform = await loadExplainer(folder, { attention: { form: "uniform" } });
  const example = findExample(named, explainer, user);
  const seriesOf = ({ name, row }: Candidate, { explainCoded }: Explainer): Series => ({
    name,
    explanation: explainCoded(named.request(example.sample, row)),
    own: named.history(example.sample).map((other) => named.categoryId(other) === named.categoryId(row)),
  });
  const [next] = example.candidates;
  const series = [
    ...example.candidates.map((candidate) => seriesOf(candidate, explainer)),
    seriesOf({ name: "none: uniform attention", row: next.row }, uniform),
  ];
  const behaviours = named.history(example.sample);
  const labels = behaviours.map((row) => named.category(row));
  const { points, explained } = project(series.flatMap(({ explanation }) => explanation.states));
  const rows = series.flatMap(({ name, explanation: { attention, score } }, s) =>
    behaviours.map((row, t): StateRow => {
      const [x, y] = points[s * behaviours.length + t];
      const item = named.item(row);
      return {
        dataset: dataset.name,
        user: example.user,
        candidate: name,
        score,
        step: t + 1,
        item,
        category: labels[t],
        attention: attention[t],
        x,
        y,
      };
    }),
  );
  return { lead: leadOf(dataset, example, series), blocks: blocksOf(dataset, example, series, rows, explained), rows };
}

/** A type, not an interface: only a type is assignable to a report's rows. */
type StateRow = {
  readonly dataset: string;
  readonly user: string;
  readonly score: number;
  readonly item: string;
  readonly candidate: string;
  readonly step: number;
  readonly category: string;
  readonly attention: number;
  readonly x: number;
  readonly y: number;
};

function blocksOf(
  { name, slug }: LabDataset,
  { user }: Example,
  series: readonly Series[],
  rows: readonly StateRow[],
  explained: readonly [number, number],
): ReportBlock[] {
  const variance = share(explained[0] + explained[1]);
  return [
    {
      kind: "figure",
      name: `states-${slug}`,
      caption: `${name}, user ${user}: AUGRU's hidden states from the first behaviour to the last under each candidate, on their first two principal components (${variance} of the variance).`,
      svg: trajectoryPlot(
        rows.map(({ candidate, step, x, y, category }) => ({ series: candidate, step, x, y, label: category })),
      ),
    },
    {
      kind: "figure",
      name: `attention-${slug}`,
      caption: `${name}, user ${user}: attention of each candidate to the behaviours, oldest first.`,
      svg: attentionPlot(
        rows.map(({ candidate, step, category, attention }) => ({
          series: candidate,
          step,
          label: category,
          value: attention,
        })),
      ),
    },
    {
      kind: "table",
      name: `candidates-${slug}`,
      caption: `${name}, user ${user}: DIEN's prediction for each candidate, and how far the state moved (the sum of the lengths of its steps).`,
      head: [
        "candidate",
        "probability of a click",
        "behaviours of its category",
        "attention to them",
        "largest attention",
        "path length of the state",
      ],
      rows: series.map(({ name, own, explanation: { score, attention, states } }) => [
        name,
        metric(score),
        `${own.filter(Boolean).length} of ${own.length}`,
        share(attentionTo(own, attention)),
        metric(Math.max(...attention)),
        metric(pathLength(states)),
      ]),
    },
  ];
}

/** The sum of a candidate's attention to its own behaviours. */
function attentionTo(own: readonly boolean[], attention: readonly number[]): number {
  return attention.reduce((sum, weight, t) => sum + (own[t] ? weight : 0), 0);
}

/** The length of the path of the states, starting at zero. */
function pathLength(states: readonly (readonly number[])[]): number {
  return states.reduce((sum, state, t) => {
    const before = t === 0 ? undefined : states[t - 1];
    return sum + Math.hypot(...state.map((value, i) => value - (before?.[i] ?? 0)));
  }, 0);
}

function leadOf({ name }: LabDataset, { user }: Example, series: readonly Series[]): string {
  const parts = series
    .filter(({ own }) => own.some(Boolean))
    .map(({ name, own, explanation: { attention } }) => {
      const count = own.filter(Boolean).length;
      return `${share(attentionTo(own, attention))} for "${name}" (${count} of ${own.length} behaviours)`;
    });
  return `On ${name}, user ${user}: attention to behaviours of the candidate's own category is ${parts.join(", ")}.`;
}
