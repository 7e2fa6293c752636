/**
 * Sums over the users of an arm: all that the statistics of an experiment need of it. They can be added up, by day, by file
 * or by segment, and a database makes them with one query.
 *
 * A user has several quantities, such as clicks, impressions and revenue, before the experiment and in it. Users are
 * independent of each other; what one user does is not. So one user is one row, however much the user did.
 */

export interface Sums {
  /** Users. */
  readonly n: number;
  /** [k] of each quantity. */
  readonly sum: readonly number[];
  /** [k (k + 1) / 2] of the product of quantities i and j <= i, at i (i + 1) / 2 + j: 00, 10, 11, 20, 21, 22. */
  readonly products: readonly number[];
}

/** Sums of users, each the same `quantities` of numbers. */
export function sumsOf(users: Iterable<ArrayLike<number>>, quantities: number): Sums {
  let n = 0;
  const sum = new Array<number>(quantities).fill(0);
  const products = new Array<number>((quantities * (quantities + 1)) / 2).fill(0);
  for (const user of users) {
    n++;
    let at = 0;
    for (let i = 0; i < quantities; i++) {
      sum[i] += user[i];
      for (let j = 0; j <= i; j++) products[at++] += user[i] * user[j];
    }
  }
  return { n, sum, products };
}

/** The sums of all users of several, of which no user is in two. */
export function addSums(all: readonly Sums[]): Sums {
  return all.reduce((total, { n, sum, products }) => ({
    n: total.n + n,
    sum: total.sum.map((value, i) => value + sum[i]),
    products: total.products.map((value, i) => value + products[i]),
  }));
}

/** The mean of a quantity over users. */
export function meanOf({ n, sum }: Sums, i: number): number {
  return sum[i] / n;
}

/** The sample covariance of two quantities over users, over n - 1; of a quantity and itself its variance. */
export function covarianceOf({ n, sum, products }: Sums, i: number, j: number): number {
  const product = products[i < j ? (j * (j + 1)) / 2 + i : (i * (i + 1)) / 2 + j];
  return (product - (sum[i] * sum[j]) / n) / (n - 1);
}
