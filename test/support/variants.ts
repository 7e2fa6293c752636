/** Every model of the registry, and what settings make of those that are several models. */
import { models } from "../../src/models/registry.ts";

/** A name for the test, and the section `model` of the configuration. */
export type Variant = readonly [name: string, model: { readonly name: string; readonly [key: string]: unknown }];

export const variants: readonly Variant[] = [
  ...[...models.keys()].map((name): Variant => [name, { name }]),
  ...["inner", "outer"].map((product): Variant => [`pnn, ${product} product`, { name: "pnn", product }]),
  ...["gru", "aigru", "agru"].map((evolution): Variant => [`dien, ${evolution}`, { name: "dien", evolution }]),
];
