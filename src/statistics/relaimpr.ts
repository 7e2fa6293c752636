/** RelaImpr, the relative improvement that papers of this field report (DIN, https://arxiv.org/abs/1706.06978). */

/**
 * By what fraction `auc` lies further above the one half of guessing than `base` does: 0.1 is 10 % better. NaN where
 * `base` is no better than a guess: there is nothing to be a fraction of.
 */
export function relaImpr(auc: number, base: number): number {
  return base > 0.5 ? (auc - 0.5) / (base - 0.5) - 1 : Number.NaN;
}
