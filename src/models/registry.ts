/** The models by name. A new model is one file and one line here. */
import { base } from "./base.ts";
import { dien } from "./dien.ts";
import { din } from "./din.ts";
import { gruAttention } from "./gru-attention.ts";
import type { Model } from "./model.ts";
import { pnn } from "./pnn.ts";
import { wideDeep } from "./wide-deep.ts";

export const models: ReadonlyMap<string, Model> = new Map(
  [base, wideDeep, pnn, din, gruAttention, dien].map((model) => [model.name, model]),
);
