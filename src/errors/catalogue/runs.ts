/** Errors of runs and trained models: their folders, their settings, what they hold. */
import { withoutAddress } from "../addresses.ts";
import type { Entries } from "../entry.ts";

export const runs = {
  "run.lacks": {
    status: 404,
    meaning: "A folder holds no run, or its run has no model, log or scores (yet).",
    message: ({ path, what, reason }: { path: string; what: string; reason: string }) =>
      `${withoutAddress(path)} holds no ${what}: ${reason}`,
  },
  "run.scores-gone": {
    status: 404,
    meaning: "A finished run has lost the file of its scores.",
    message: ({ path, scores }: { path: string; scores: string }) =>
      `${path} holds a finished run without ${scores}: remove the run to train it again`,
  },
  "run.exists": {
    status: 409,
    meaning: "A fresh run should be trained into a folder that holds one already.",
    message: ({ path }: { path: string }) => `${path} holds a run already`,
  },
  "run.other-files": {
    status: 409,
    meaning: "A run should be trained into a folder that holds files but no run.",
    message: ({ path }: { path: string }) => `${path} holds files but no run`,
  },
  "run.in-training": {
    status: 409,
    meaning: "Another process trains the run.",
    message: ({ path, owner }: { path: string; owner: string }) => `${path} is being trained by ${owner}`,
  },
  "run.other-dataset": {
    status: 409,
    meaning: "A run was trained on another dataset than the one given.",
    message: ({ path, dataset }: { path: string; dataset: string }) =>
      `${path} holds a run on another dataset than ${dataset}`,
  },
  "run.other-fields": {
    status: 409,
    meaning: "A dataset has other fields or vocabularies than those a model was trained on.",
    message: ({ path, dataset }: { path: string; dataset: string }) =>
      `${dataset} does not fit ${path}: its fields or vocabularies are not those the model was trained on`,
  },
  "run.other-setting": {
    status: 409,
    meaning: "A run was trained with another configuration than the one given.",
    message: ({ path, key }: { path: string; key: string }) => `${path} holds a run with another '${key}'`,
  },
  "run.other-model": {
    status: 409,
    meaning: "A run should go on from the model of another run, and is configured for another model.",
    message: ({ path, key, expected, found }: { path: string; key: string; expected: string; found: string }) =>
      `${path} has a model with ${key} ${expected}, and ${found} is asked for`,
  },
  "run.unlike-fields": {
    status: 409,
    meaning: "A run should go on from the model of another run, and its dataset has other fields, or in another order.",
    message: ({ path, dataset, kind, expected, found }: UnlikeFields) =>
      `${dataset} has other ${kind} fields than ${path}: expected ${expected}; found ${found}`,
  },
  "run.unlike-values": {
    status: 409,
    meaning:
      "A run should go on from the model of another run, and its dataset reads the values of a field in another way: a number " +
      "has other buckets or another scale, or other texts are missing.",
    message: ({ path, dataset, field }: { path: string; dataset: string; field: string }) =>
      `${dataset} reads field ${field} in another way than ${path}: its buckets, scale, offset or missing texts differ`,
  },
  "run.other-start": {
    status: 409,
    meaning:
      "A run that goes on from another run's model is resumed from its beginning, and the other run has changed.",
    message: ({ path, from }: { path: string; from: string }) =>
      `${path} began with other weights than ${from} has now`,
  },
  "run.other-calibration": {
    status: 409,
    meaning: "A calibration belongs to other weights than the run has now.",
    message: ({ path, expected, found }: { path: string; expected: string; found: string }) =>
      `${path} calibrates other weights than those of the run: expected ${expected}, found ${found}`,
  },
  "run.uncalibratable": {
    status: 422,
    meaning: "A run cannot be calibrated on the validation samples of a dataset: clicked and other ones are needed.",
    message: ({ path, clicks, samples }: { path: string; clicks: number; samples: number }) =>
      `${path} cannot be calibrated on: expected validation samples with clicks and without, found ${clicks} clicks in ${samples}`,
  },
  "run.wrong-tensor": {
    status: 422,
    meaning: "A file of tensors lacks one of the model's, or has it in another shape or type.",
    message: ({ path, tensor, expected, found }: { path: string; tensor: string; expected: string; found: string }) =>
      `${path} does not fit: expected tensor ${tensor}, ${expected}, found ${found}`,
  },
  "run.diverged": {
    status: 422,
    meaning: "A loss or score is not finite: the settings of the run make it diverge.",
    message: ({ loss, epoch, step, rate }: { loss: string; epoch: number; step: number; rate: number }) =>
      `the ${loss} is not finite at epoch ${epoch}, step ${step}: lower train.learning_rate (${rate}) ` +
      "or limit the gradient with train.clip_norm",
  },
  "run.too-large": {
    status: 507,
    meaning: "A run would need more memory than can be addressed.",
    message: ({ needed, field, rows, batchSize, shards, maxHistory, threads }: TooLarge) =>
      `the run needs ${needed} of linear memory and 4.0 GiB is all that wasm32 addresses: lower model.embedding.size, ` +
      `the vocabulary (largest: ${field}, ${rows} rows), train.batch_size (${batchSize}), ` +
      `the history (${maxHistory} behaviours) or the threads (${threads}), or raise train.shards (${shards})`,
  },
  "run.no-address-space": {
    status: 507,
    meaning: "The system does not give a run its memory, or the address space that the engine reserves around it.",
    message: ({ needed, field }: { needed: string; field: string }) =>
      `the system does not give ${needed} of ${field}, around which Node reserves 10 GiB of address space: a limit of ` +
      "the process (ulimit -v, or that of a batch system) is the likely reason",
  },
  "run.unsupported-engine": {
    status: 422,
    meaning: "The engine asked for does not run here.",
    message: ({ engine, reason }: { engine: string; reason: string }) => `engine "${engine}": ${reason}`,
  },
  "run.no-samples": {
    status: 422,
    meaning: "A dataset has no samples in a split that training needs.",
    message: ({ path, split }: { path: string; split: string }) => `${path}: there are no ${split} samples`,
  },
} satisfies Entries<"run">;

export interface UnlikeFields {
  readonly path: string;
  readonly dataset: string;
  readonly kind: string;
  readonly expected: string;
  readonly found: string;
}

export interface TooLarge {
  readonly needed: string;
  /** The field with the largest vocabulary, and its rows. */
  readonly field: string;
  readonly rows: number;
  readonly batchSize: number;
  /** A thread has room for the activations of one. */
  readonly shards: number;
  readonly maxHistory: number;
  readonly threads: number;
}
