/** The server of a market: as `dien serve` has it, but for its time, which is the market's. */
import { itemNumber } from "../importers/synthetic/names.ts";
import type { Engine } from "../kernels/load.ts";
import type { RankRequest } from "../scoring/request.ts";
import { openModels } from "../serving/models/models.ts";
import { createServer } from "../serving/server.ts";
import { mostKept, openStore } from "../store/open.ts";
import type { MarketOptions } from "./options.ts";
import { withOracle } from "./oracle.ts";
import type { Population } from "./population.ts";
import { openOrdered } from "./records.ts";
import type { Tally } from "./tally.ts";

/** A market may be slow, but what it asks is answered. */
const LIMITS = { maxSeconds: 3600, maxRequests: 1024 };

export interface MarketServer {
  readonly url: string;
  readonly engine: Engine;
  /** A bandit chooses its weights anew, by what the arms have earned. */
  beginDay(): Promise<void>;
  /** Records what has been shown, before anything that came of it. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

type ServedMarket = Pick<MarketOptions, "runs" | "threads" | "out" | "experiment">;

/** @throws UserError where a run cannot be read, an arm's model is not there, or `out` is not empty */
export async function openMarketServer(
  { runs, threads, out, experiment: definition }: ServedMarket,
  population: Population,
  tally: Tally,
  time: { readonly now: number },
): Promise<MarketServer> {
  const truth = ({ user, candidates }: RankRequest) => {
    const { shopper } = population.known((user as { user: string }).user)!;
    return Float32Array.from(candidates, (key) => shopper.probability(itemNumber(key as string)));
  };
  const models = withOracle(await openModels({ runs: [...runs], threads }), truth);
  try {
    const clock = () => time.now;
    const longest = Math.max(...models.list().map(({ description }) => description.schema.maxHistory));
    const store = await openStore("memory:", { most: mostKept(longest) });
    const records = await openOrdered(out, { window: definition.window, clock });
    const experiment = { definition, records, clock, earned: async () => tally.earned() };
    const server = await createServer({ models, store, experiment, limits: LIMITS });
    const { url } = await server.listen();
    return {
      url,
      engine: models.engine,
      beginDay: async () => await server.experiment?.refresh(),
      settle: () => records.settle(),
      close: () => server.close(),
    };
  } catch (error) {
    await models.close();
    throw error;
  }
}
