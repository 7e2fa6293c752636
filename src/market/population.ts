/**
 * The users of the synthetic shop after its log: who comes on which day, what they look at by themselves, which ads
 * compete for their pages and at which bids, and whether they click. Each of these is a function of the market's seed,
 * the user, the page and the ad, so what one arm shows changes nothing of what another one could have shown: the same
 * user would see the same auction, and click the same ad, in every arm.
 */
import { itemName, userName } from "../importers/synthetic/names.ts";
import type { ShopOptions } from "../importers/synthetic/options.ts";
import { Shopper } from "../importers/synthetic/shop.ts";
import { mix, Random } from "../tensor/random.ts";
import type { MarketSettings } from "./options.ts";

/** Keep the random numbers of visits, auctions and clicks apart. */
const STREAMS = { rate: 0x72617465, visit: 0x76697369, page: 0x70616765, click: 0x636c6963 };
const DRAWN = 2 ** 32;
/** Bids are in hundredths of the currency, around 1. */
const CENTS = 100;

/** Somebody who has come to the market. */
export interface Visitor {
  readonly number: number;
  readonly key: string;
  readonly shopper: Shopper;
}

/** Something that a user looked at: the item, and seconds before the end of the log. */
export interface PastBehaviour {
  readonly item: string;
  readonly age: number;
}

/** Ads that compete for a page of a visitor. */
export interface Auction {
  /** Each once. */
  readonly items: readonly number[];
  readonly keys: readonly string[];
  readonly bids: readonly number[];
}

export class Population {
  readonly #shop: ShopOptions;
  readonly #settings: MarketSettings;
  readonly #here = new Map<string, Visitor>();

  constructor(shop: ShopOptions, settings: MarketSettings) {
    this.#shop = shop;
    this.#settings = settings;
  }

  /** Users who come on a day, in the order of their numbers. */
  comingOn(day: number): number[] {
    const { population, visits, seed } = this.#settings;
    const coming: number[] = [];
    for (let user = 0; user < population; user++) {
      // Rates are uniform, from 0 to twice the mean.
      const rate = (2 * visits * mix(seed, user, 0, STREAMS.rate)) / DRAWN;
      if (mix(seed, user, day, STREAMS.visit) / DRAWN < rate) coming.push(user);
    }
    return coming;
  }

  /** A user; with what the log has of them, where it is their first visit. */
  visitor(user: number): { readonly visitor: Visitor; readonly past: readonly PastBehaviour[] } {
    const key = userName(user);
    const known = this.#here.get(key);
    if (known !== undefined) return { visitor: known, past: [] };
    const shopper = new Shopper(this.#shop, user);
    const looked = Array.from({ length: shopper.logged }, () => shopper.behave());
    const visitor = { number: user, key, shopper };
    this.#here.set(key, visitor);
    let age = looked.reduce((sum, { pause }, t) => sum + (t > 0 ? pause : 0), 0);
    const past = looked.map(({ item, pause }, t) => {
      if (t > 0) age -= pause;
      return { item: itemName(item), age };
    });
    return { visitor, past };
  }

  /** The visitor of that key. */
  known(key: string): Visitor | undefined {
    return this.#here.get(key);
  }

  /** The ads that compete for a page, by its number in the market. */
  auction({ number, shopper }: Visitor, page: number): Auction {
    const { seed, candidates, bidSpread } = this.#settings;
    const random = new Random(mix(seed, number, page, STREAMS.page));
    const bids = new Map<number, number>();
    for (let i = 0; i < candidates; i++) {
      const item = shopper.candidate(random);
      const bid = Math.max(1, Math.round(CENTS * Math.exp(bidSpread * random.normal()))) / CENTS;
      if (!bids.has(item)) bids.set(item, bid);
    }
    const items = [...bids.keys()];
    return { items, keys: items.map(itemName), bids: [...bids.values()] };
  }

  /** The true probability that a visitor clicks an ad in a slot (from 1), now. */
  probability({ shopper }: Visitor, item: number, slot: number): number {
    return shopper.probability(item) * slot ** -this.#settings.positionBias;
  }

  /** Whether a visitor to whom it is shown on a page clicks an ad that is clicked with that probability. */
  clicks({ number }: Visitor, page: number, item: number, probability: number): boolean {
    return mix(mix(this.#settings.seed, number, page, STREAMS.click), item) / DRAWN < probability;
  }
}
