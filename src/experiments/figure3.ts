/**
 * Figure 3 of the paper (Zhou et al. 2019, https://arxiv.org/abs/1809.03672): how the interest evolves under different
 * candidates. For one user and several candidates, and for equal attention ("none"): AUGRU's hidden states, projected to
 * two dimensions and joined in order, and the attention to each behaviour.
 */
import { UserError } from "../errors.ts";
import { metric, share } from "../format.ts";
import { attentionPlot } from "../report/plots/attention.ts";
import { trajectoryPlot } from "../report/plots/trajectory.ts";
import type { Block } from "../report/report.ts";
import { type Explainer, type Explanation, loadExplainer } from "../scoring/explain.ts";
import { Catalogue } from "./catalogue.ts";
import type { LabDataset } from "./datasets.ts";
import type { ExperimentRun } from "./experiment.ts";
import { project } from "./projection.ts";
import { repeatCommands } from "./repeat.ts";
import { type Candidate, type Case, findCase } from "./telling-case.ts";
import type { Run } from "./trials.ts";
import { dien } from "./variants.ts";

export const figure3: ExperimentRun = async (lab, { user }) => {
  const catalogues = new Map<LabDataset, Catalogue>();
  for (const dataset of lab.datasets) catalogues.set(dataset, await Catalogue.open(dataset));
  // A mistyped user is told before anything is trained.
  for (const [dataset, { users }] of catalogues) {
    if (user !== undefined && !users.includes(user)) throw new UserError(`${dataset.name} has no user "${user}"`);
  }
  const runs = await lab.train(lab.trials([dien], lab.datasets, 1));
  const views = [];
  for (const run of runs) views.push(await viewOf(run, catalogues.get(run.dataset)!, user));
  return {
    name: "figure3",
    title: "Figure 3: how an interest evolves",
    lead: views.map(({ lead }) => lead).join(" "),
    blocks: views.flatMap(({ blocks }) => blocks),
    data: { states: views.flatMap(({ rows }) => rows) },
    commands: repeatCommands(lab, "figure3", runs, user === undefined ? [] : ["--user", user]),
  };
};

/** What happens under one candidate. */
interface Series {
  readonly name: string;
  readonly explanation: Explanation;
  /** Which behaviours are of the candidate's own category. */
  readonly own: readonly boolean[];
}

async function viewOf({ dataset, folder }: Run, catalogue: Catalogue, user: string | undefined) {
  const explainer = await loadExplainer(folder);
  const equally = await loadExplainer(folder, { attention: { form: "uniform" } });
  const found = findCase(dataset, catalogue, explainer, user);
  const seriesOf = ({ name, row }: Candidate, { explainCoded }: Explainer): Series => ({
    name,
    explanation: explainCoded(catalogue.request(found.sample, row)),
    own: catalogue.history(found.sample).map((other) => catalogue.categoryId(other) === catalogue.categoryId(row)),
  });
  const [next] = found.candidates;
  const series = [
    ...found.candidates.map((candidate) => seriesOf(candidate, explainer)),
    seriesOf({ name: "none: equal attention", row: next.row }, equally),
  ];
  const behaviours = catalogue.history(found.sample);
  const labels = behaviours.map((row) => catalogue.category(row));
  const { points, explained } = project(series.flatMap(({ explanation }) => explanation.states));
  const rows = series.flatMap(({ name, explanation: { attention, score } }, s) =>
    behaviours.map((row, t): StateRow => {
      const [x, y] = points[s * behaviours.length + t];
      const item = catalogue.item(row);
      return {
        dataset: dataset.name,
        user: found.user,
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
  return { lead: leadOf(dataset, found, series), blocks: blocksOf(dataset, found, series, rows, explained), rows };
}

/** A type and not an interface, so that it fits a report's rows. */
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
  { user }: Case,
  series: readonly Series[],
  rows: readonly StateRow[],
  explained: readonly [number, number],
): Block[] {
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
      caption: `${name}, user ${user}: what DIEN says of the candidates, and how far the state moved in all (the sum of its steps' lengths).`,
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

/** The length of the path of the states from zero on. */
function pathLength(states: readonly (readonly number[])[]): number {
  return states.reduce((sum, state, t) => {
    const before = t === 0 ? undefined : states[t - 1];
    return sum + Math.hypot(...state.map((value, i) => value - (before?.[i] ?? 0)));
  }, 0);
}

function leadOf({ name }: LabDataset, { user }: Case, series: readonly Series[]): string {
  const parts = series
    .filter(({ own }) => own.some(Boolean))
    .map(({ name, own, explanation: { attention } }) => {
      const count = own.filter(Boolean).length;
      return `${share(attentionTo(own, attention))} for "${name}" (${count} of ${own.length} behaviours)`;
    });
  return `On ${name}, user ${user}: attention to behaviours of the candidate's own category is ${parts.join(", ")}.`;
}
