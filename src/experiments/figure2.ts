/**
 * Figure 2 of the paper (Zhou et al. 2019, https://arxiv.org/abs/1809.03672): how the whole loss and the auxiliary loss
 * of DIEN fall on training and on validation samples.
 */
import { metric } from "../format.ts";
import { curvesPlot } from "../report/plots/curves.ts";
import type { Block } from "../report/report.ts";
import { type CurvePoint, readCurve } from "../run/curve.ts";
import type { LabDataset } from "./datasets.ts";
import type { ExperimentRun } from "./experiment.ts";
import { groupBy } from "./group.ts";
import type { Lab } from "./lab.ts";
import { repeatCommands, seedsFlag } from "./repeat.ts";
import { type Run, trialConfig } from "./trials.ts";
import { dien, type Variant } from "./variants.ts";

/** Points of a curve in an epoch, about. */
const POINTS = 10;

export const figure2: ExperimentRun = async (lab) => {
  const curves = new Map(lab.datasets.map((dataset) => [dataset, withCurves(lab, dataset)]));
  const runs = await lab.train([...curves].flatMap(([dataset, variant]) => lab.trials([variant], [dataset])));
  const rows = (await Promise.all(runs.map((run) => curveOf(lab, run)))).flat();
  return {
    name: "figure2",
    title: "Figure 2: learning curves of DIEN",
    lead: lab.datasets
      .map(({ name }) =>
        fallSentence(
          name,
          rows.filter((row) => row.dataset === name),
        ),
      )
      .join(" "),
    blocks: [
      {
        kind: "text",
        text: "The whole loss is what training minimises, L = L_target + alpha L_aux. A point of training is the mean over the steps since the point before; a point of validation is measured on all validation samples with the weights as they are then, with the same drawn negatives each time. Lines are means over seeds.",
      },
      ...lab.datasets.map(
        ({ name, slug }): Block => ({
          kind: "figure",
          name: `curves-${slug}`,
          caption: `${name}: losses of DIEN by step.`,
          svg: curvesPlot(meanCurves(rows.filter((row) => row.dataset === name)), { x: "step", y: "loss" }),
        }),
      ),
    ],
    data: { curves: rows },
    commands: repeatCommands(lab, "figure2", runs, seedsFlag(lab)),
  };
};

/** DIEN with its losses measured so often that an epoch gives about POINTS points. */
function withCurves(lab: Lab, dataset: LabDataset): Variant {
  const steps = epochSteps(lab, dataset);
  // Rounded up: rounded down, an epoch would end in a stub of a few steps, whose mean loss is noise.
  const every = Math.ceil(steps / POINTS);
  // A curve that ends where validation gets worse would not show that it gets worse.
  const { epochs } = trialConfig({ variant: dien, seed: 1 }, lab.options.settings).train;
  const settings = { ...dien.settings, "train.curve_steps": every, "train.patience": epochs };
  return { name: `dien-curve-${every}`, label: `DIEN, losses every ${every} steps`, settings };
}

/** A dataset that is read in portions has a step more for each portion. */
function epochSteps(lab: Lab, { manifest }: LabDataset): number {
  const { batch_size: batchSize } = trialConfig({ variant: dien, seed: 1 }, lab.options.settings).train;
  return Math.ceil(manifest.counts.train / batchSize);
}

/** A type and not an interface, so that it fits a report's rows. */
type CurveRow = {
  readonly dataset: string;
  readonly seed: number;
  readonly step: number;
  readonly part: CurvePoint["part"];
  readonly whole: number;
  readonly target: number;
  readonly auxiliary: number;
};

async function curveOf(lab: Lab, { dataset, variant, seed, folder }: Run): Promise<CurveRow[]> {
  const config = trialConfig({ variant, seed }, lab.options.settings);
  const { weight } = (config.model as unknown as { auxiliary: { weight: number } }).auxiliary;
  const points = await readCurve(folder);
  const steps = epochSteps(lab, dataset);
  return points.map(({ epoch, step, part, target, auxiliary }) => ({
    dataset: dataset.name,
    seed,
    step: (epoch - 1) * steps + step,
    part,
    whole: target + weight * auxiliary,
    target,
    auxiliary,
  }));
}

/** Means over seeds, as two facets. */
function meanCurves(rows: readonly CurveRow[]) {
  const groups = groupBy(rows, ({ part, step }) => `${part} ${step}`);
  const facets = [
    ["whole loss", "whole"],
    ["auxiliary loss", "auxiliary"],
  ] as const;
  return facets.flatMap(([facet, loss]) =>
    groups.map((group) => ({
      facet,
      series: "DIEN",
      part: group[0].part,
      x: group[0].step,
      y: group.reduce((sum, row) => sum + row[loss], 0) / group.length,
    })),
  );
}

function fallSentence(dataset: string, rows: readonly CurveRow[]): string {
  const validation = meanCurves(rows).filter(({ part }) => part === "validation");
  const words = ["whole loss", "auxiliary loss"].map((facet) => {
    const curve = validation.filter((point) => point.facet === facet).sort((a, b) => a.x - b.x);
    const least = curve.reduce((best, point) => (point.y < best.y ? point : best));
    return `the ${facet} falls from ${metric(curve[0].y)} to ${metric(least.y)}, its lowest, at step ${least.x}`;
  });
  return `On ${dataset}'s validation samples ${words.join(", and ")}.`;
}
