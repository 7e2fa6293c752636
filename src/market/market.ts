/**
 * A market to test online experiments on. Every day users of the synthetic shop come; ads compete for their pages; a
 * server ranks them over HTTP by predicted click x bid, with the model of the user's arm, and prices clicks by second
 * price; users click by the true probability; what they clicked and what else they looked at becomes behaviours in the
 * server's store, from which the models see it on the next page.
 *
 * Everything is a function of the seeds, to the byte: time is the market's own and stands still while pages are answered,
 * requests have ids of their own, and what came of a page is looked at in the order of the users, however the answers came.
 */

import type { NewOutcome } from "../ab/records/rows.ts";
import { checkEmpty } from "../files/plain.ts";
import { itemName } from "../importers/synthetic/names.ts";
import type { Engine } from "../kernels/load.ts";
import type { PostedEvent } from "../scoring/behaviours.ts";
import { type Asking, askingAt, eachOf } from "./asking.ts";
import { type LogRow, writeMarketLog } from "./log.ts";
import type { MarketOptions } from "./options.ts";
import { type Auction, Population, type Visitor } from "./population.ts";
import { type MarketServer, openMarketServer } from "./server.ts";
import { type ArmTally, Tally } from "./tally.ts";

/** Between the behaviour before a page and the page, and from a page to what the user does there: in milliseconds. */
const [BROWSING, READING] = [60_000, 10_000];
/** From one page of a visit to the next one. */
const PAGE = 600_000;
const DAY = 86_400_000;
/** 2016-01-01, when the market opens. */
const OPENS = Date.UTC(2016, 0, 1);
/** Events or outcomes of one request. */
const POSTED_AT_ONCE = 500;

export interface MarketResult {
  readonly arms: readonly ArmTally[];
  /** Those of users who take no part included. */
  readonly impressions: number;
  readonly seconds: number;
  /** Which kernels computed. */
  readonly engine: Engine;
}

/**
 * Opens a market for some days, and says what each arm has shown and earned.
 * @throws UserError where a run cannot be read, an arm's model is not there, or `out` is not empty
 */
export async function runMarket(options: MarketOptions): Promise<MarketResult> {
  const { settings, shop, experiment } = options;
  const start = performance.now();
  if (options.log !== undefined) await checkEmpty(options.log);
  const population = new Population(shop, settings);
  const tally = new Tally(experiment.arms);
  const clock = { now: OPENS };
  const server = await openMarketServer(options, population, tally, clock);
  const asking = askingAt(server.url, settings.inFlight);
  try {
    const market = new Market(options, { population, tally, clock, server, asking });
    await market.run();
    if (options.log !== undefined) await writeMarketLog(options.log, shop, market.segments, market.log);
    const seconds = (performance.now() - start) / 1000;
    return { arms: tally.arms(), impressions: market.impressions, seconds, engine: server.engine };
  } finally {
    asking.close();
    await server.close();
  }
}

/** What the server answers to a page. */
interface PageAnswer {
  /** Absent of users who take no part. */
  readonly experiment?: { readonly arm: string };
  readonly ranking: readonly { readonly index: number; readonly price: number; readonly impression?: string }[];
}

/** A page that a visitor is shown. */
interface Page {
  readonly visitor: Visitor;
  /** Its number among the pages of all days. */
  readonly number: number;
  readonly auction: Auction;
}

/** What is brought to the server, each kind under its path and its key. */
interface Posted {
  readonly events: PostedEvent;
  readonly outcomes: NewOutcome;
}

/** A click on a page: as an outcome of the experiment, and as a behaviour. */
interface Click {
  readonly outcome?: NewOutcome;
  readonly behaviour: PostedEvent;
}

interface Parts {
  readonly population: Population;
  readonly tally: Tally;
  /** Milliseconds since 1970. */
  readonly clock: { now: number };
  readonly server: MarketServer;
  readonly asking: Asking;
}

class Market {
  impressions = 0;
  /** What happened, where a log is wanted, and the segment of each user in it. */
  readonly log: LogRow[] = [];
  readonly segments = new Map<string, number>();
  readonly #options: MarketOptions;
  readonly #parts: Parts;
  /** How many requests brought something. */
  #posts = 0;

  constructor(options: MarketOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
  }

  async run(): Promise<void> {
    const { settings, signal, onProgress } = this.#options;
    const { population, clock, server } = this.#parts;
    for (let day = 0; day < settings.days; day++) {
      clock.now = OPENS + day * DAY;
      await server.beginDay();
      const coming = population.comingOn(day);
      for (let page = 0; page < settings.pages; page++) {
        signal?.throwIfAborted();
        clock.now = OPENS + day * DAY + page * PAGE;
        await this.#round(coming, day * settings.pages + page);
      }
      onProgress?.(day + 1, settings.days, this.impressions);
    }
  }

  /** A page for each of `users`: they look around, are shown ads, and click. */
  async #round(users: readonly number[], number: number): Promise<void> {
    const { population, server } = this.#parts;
    const looked: PostedEvent[] = [];
    const pages = users.map((user): Page => {
      const { visitor, past } = population.visitor(user);
      looked.push(...this.#looking(visitor, past, number));
      return { visitor, number, auction: population.auction(visitor, number) };
    });
    await this.#post("events", looked);
    for (const event of looked) this.#logged(viewOf(event));
    for (const { visitor } of pages) this.segments.set(visitor.key, visitor.shopper.segment);
    const answers = await eachOf(pages, this.#options.settings.inFlight, (page) => this.#ask(page));
    await server.settle();
    const clicks = pages.flatMap((page, i) => this.#clicks(page, answers[i]));
    await this.#post(
      "outcomes",
      clicks.flatMap(({ outcome }) => outcome ?? []),
    );
    const behaviours = clicks.map(({ behaviour }) => behaviour);
    await this.#post("events", behaviours);
    for (const event of behaviours) this.#logged(viewOf(event));
  }

  /** What a visitor has looked at since the last page: something, and at the first visit all that the log has. */
  #looking({ key, shopper }: Visitor, past: ReturnType<Population["visitor"]>["past"], number: number): PostedEvent[] {
    const before = past.map(({ item, age }, t): PostedEvent => {
      return { id: `past.${t}`, user: key, item, time: OPENS - DAY - 1000 * age, type: "view" };
    });
    const item = itemName(shopper.behave().item);
    const time = this.#parts.clock.now - BROWSING;
    return [...before, { id: `${number}.look`, user: key, item, time, type: "view" }];
  }

  async #ask({ visitor: { key, shopper }, number, auction: { keys, bids } }: Page): Promise<PageAnswer> {
    const user = { user: key, segment: String(shopper.segment) };
    const body = { user, candidates: keys, bids, top: this.#options.settings.slots };
    return await this.#parts.asking.post<PageAnswer>("/v1/rank", body, `${key}.${number}`);
  }

  /** The visitor looks at what is shown, and clicks. */
  #clicks({ visitor, number, auction }: Page, { experiment, ranking }: PageAnswer): Click[] {
    const { population, tally, clock } = this.#parts;
    const user = visitor.key;
    this.impressions += ranking.length;
    return ranking.flatMap(({ index, price, impression }, place): Click[] => {
      const item = auction.items[index];
      const probability = population.probability(visitor, item, place + 1);
      const isClicked = population.clicks(visitor, number, item, probability);
      this.#logged({ user, item: auction.keys[index], time: clock.now, clicked: isClicked });
      if (experiment) tally.add(experiment.arm, visitor.number, probability, isClicked ? price : undefined);
      if (!isClicked) return [];
      const time = clock.now + READING + place;
      const behaviour = { id: `${number}.${place + 1}`, user, item: auction.keys[index], time, type: "view" };
      if (impression === undefined) return [{ behaviour }];
      return [
        { behaviour, outcome: { id: `${impression}.click`, time, user, type: "click", impression, value: price } },
      ];
    });
  }

  #logged(row: LogRow): void {
    if (this.#options.log !== undefined) this.log.push(row);
  }

  async #post<Kind extends keyof Posted>(kind: Kind, all: readonly Posted[Kind][]): Promise<void> {
    for (let from = 0; from < all.length; from += POSTED_AT_ONCE) {
      const some = all.slice(from, from + POSTED_AT_ONCE);
      await this.#parts.asking.post(`/v1/${kind}`, { [kind]: some }, `${kind}.${this.#posts++}`);
    }
  }
}

/** A behaviour as the log has it. */
function viewOf({ user, item, time }: PostedEvent): LogRow {
  return { user: String(user), item: String(item), time: Number(time), clicked: null };
}
