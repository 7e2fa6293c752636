/** The models by name. A new model is one file and one line here. */
import { base } from "./base.ts";
import { dien } from "./dien.ts";
import { din } from "./din.ts";
import type { Model } from "./model.ts";

export const models: ReadonlyMap<string, Model> = new Map([base, din, dien].map((model) => [model.name, model]));
