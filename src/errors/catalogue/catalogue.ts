/** All errors for users, by code. A code never changes its meaning: servers and scripts rely on it. */
import type { Entry } from "../entry.ts";
import { ab } from "./ab.ts";
import { database } from "./database.ts";
import { datasets } from "./datasets.ts";
import { experiments } from "./experiments.ts";
import { files } from "./files.ts";
import { logs } from "./logs.ts";
import { markets } from "./markets.ts";
import { records } from "./records.ts";
import { replay } from "./replay.ts";
import { requests } from "./requests.ts";
import { runs } from "./runs.ts";
import { scoring } from "./scoring.ts";
import { served } from "./served.ts";
import { serving } from "./serving.ts";
import { settings } from "./settings.ts";
import { sources } from "./sources.ts";
import { stores } from "./stores.ts";
import { system } from "./system.ts";
import { usage } from "./usage.ts";

export const catalogue = {
  ...datasets,
  ...database,
  ...files,
  ...sources,
  ...logs,
  ...usage,
  ...settings,
  ...runs,
  ...requests,
  ...stores,
  ...records,
  ...scoring,
  ...serving,
  ...served,
  ...experiments,
  ...ab,
  ...replay,
  ...markets,
  ...system,
} satisfies Readonly<Record<string, Entry<never>>>;

export type Catalogue = typeof catalogue;
export type Code = keyof Catalogue;

/** The named values that the message of an error takes. */
export type ValuesOf<C extends Code> = Parameters<Catalogue[C]["message"]>[0];

export const codes = Object.keys(catalogue) as Code[];

export function entryOf(code: Code): Entry<never> {
  return catalogue[code];
}
