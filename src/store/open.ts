/** A store by its address. What it lies in is loaded when it is asked for. */
import { z } from "zod";
import { withoutAddress } from "../errors/addresses.ts";
import { failure, isFailure } from "../errors/failure.ts";
import { historyLength } from "../options/pieces.ts";
import { checkOptions } from "../options/problems.ts";
import type { UserRecords } from "./records.ts";
import { type BehaviourStore, RecordStore } from "./store.ts";

export interface StoreOptions {
  /** The most behaviours that are kept of a user, the latest. */
  readonly most: number;
  /** Whether a store that is not there is refused, instead of made. */
  readonly mustExist?: boolean;
  /** Whether it is only tried: where there is no store but one could be made, an empty one in memory stands for it. */
  readonly rehearsal?: boolean;
}

/** How a store may be called that outlives the process. */
export const KEPT_ADDRESSES = "file:FOLDER or redis://HOST:PORT";

/** How a store may be called. */
export const STORE_ADDRESSES = `memory:, ${KEPT_ADDRESSES}`;

/** Of a model's longest history, so many times as much is kept: requests may ask for earlier moments, or for some types. */
const RESERVE = 4;

const historyArguments = z.object({ maxHistory: historyLength });
const storeArguments = z.object({
  url: z.string(),
  options: z.object({ most: z.int().min(1), mustExist: z.boolean().optional(), rehearsal: z.boolean().optional() }),
});

/** How many behaviours of a user a store keeps for models with histories of at most `maxHistory`. */
export function mostKept(maxHistory: number): number {
  checkOptions("mostKept", historyArguments, { maxHistory });
  return RESERVE * maxHistory;
}

/** Opens the store at `url`. @throws UserError where there is no such kind, or it cannot be opened */
export async function openStore(url: string, options: StoreOptions): Promise<BehaviourStore> {
  checkOptions("openStore", storeArguments, { url, options });
  const { most, mustExist = false, rehearsal = false } = options;
  const shown = withoutAddress(url);
  const [, scheme, rest] = /^([a-z]+):(.*)$/s.exec(url) ?? [];
  const records = async (): Promise<UserRecords> => {
    if (scheme === "memory" && rest === "") return await inMemory();
    if (scheme === "file" && rest !== "") {
      const { FileRecords } = await import("./file.ts");
      if (rehearsal && !(await FileRecords.isThere(rest))) return await inMemory();
      return await FileRecords.open(rest, { mustExist });
    }
    if (scheme === "redis" || scheme === "rediss") {
      const { RedisRecords } = await import("./redis.ts");
      if (!rehearsal) return await RedisRecords.open(url, { mustExist });
      return await RedisRecords.open(url, { mustExist: true }).catch((error: unknown) => {
        if (isFailure(error, "store.absent")) return inMemory();
        throw error;
      });
    }
    throw failure("store.unknown-address", { path: shown, expected: STORE_ADDRESSES });
  };
  return new RecordStore(await records(), most, shown);
}

async function inMemory(): Promise<UserRecords> {
  return new (await import("./memory.ts")).MemoryRecords();
}
