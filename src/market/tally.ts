/** What each arm has shown and earned, user by user: what ratios of sums over users are estimated from. */

/** Of one user in one arm. */
export interface UserTally {
  impressions: number;
  clicks: number;
  /** What the clicks cost the advertisers. */
  revenue: number;
  /** Sum of the true probabilities of what was shown: the clicks to be expected. */
  expected: number;
}

/** Of one arm. */
export interface ArmTally extends Readonly<UserTally> {
  readonly arm: string;
  readonly model: string;
  readonly users: readonly Readonly<UserTally>[];
}

const nothing = (): UserTally => ({ impressions: 0, clicks: 0, revenue: 0, expected: 0 });

export class Tally {
  readonly #arms: ReadonlyMap<string, { readonly model: string; readonly users: Map<number, UserTally> }>;

  constructor(arms: readonly { readonly name: string; readonly model: string }[]) {
    this.#arms = new Map(arms.map(({ name, model }) => [name, { model, users: new Map() }]));
  }

  /** An ad was shown to a user of an arm: with which probability it is clicked, and what the click cost, if there was one. */
  add(arm: string, user: number, probability: number, price: number | undefined): void {
    const { users } = this.#arms.get(arm)!;
    const tally = users.get(user) ?? nothing();
    users.set(user, tally);
    tally.impressions++;
    tally.expected += probability;
    if (price === undefined) return;
    tally.clicks++;
    tally.revenue += price;
  }

  /** Impressions and clicks of each arm by name, as a bandit wants to know them. */
  earned(): ReadonlyMap<string, { readonly clicks: number; readonly impressions: number }> {
    return new Map(this.arms().map(({ arm, clicks, impressions }) => [arm, { clicks, impressions }]));
  }

  /** Users in the order of their numbers, so that sums do not depend on who was answered first. */
  arms(): ArmTally[] {
    return Array.from(this.#arms, ([arm, { model, users }]) => {
      const own = [...users].sort(([a], [b]) => a - b).map(([, tally]) => tally);
      const sum = nothing();
      for (const one of own) {
        for (const key of Object.keys(sum) as (keyof UserTally)[]) sum[key] += one[key];
      }
      return { arm, model, users: own, ...sum };
    });
  }
}
