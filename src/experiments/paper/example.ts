/**
 * An example that shows what attention does: a user whose history has several categories, and candidates of some of
 * them.
 *
 * It is chosen by a rule: among the first users with such a history, the one whose attention shifts most between two
 * candidates, each towards behaviours of its own category.
 */
import { failure } from "../../errors/failure.ts";
import type { Explainer } from "../../scoring/explain.ts";
import type { NamedDataset } from "./named-dataset.ts";

/** How many samples to compare at most, and how long their histories may be. */
const MOST_COMPARED = 500;
const LENGTH = { least: 8, most: 30 };
/** A category with so many behaviours in the history is an interest. */
const INTEREST = 2;

export interface Candidate {
  readonly name: string;
  /** Catalogue row. */
  readonly row: number;
}

export interface Example {
  readonly user: string;
  /** Index among the test samples; a positive. */
  readonly sample: number;
  readonly candidates: readonly Candidate[];
}

/**
 * The example with the largest contrast, of the user with key `user` or of any.
 * @throws UserError where no history has two categories
 */
export function findExample(named: NamedDataset, explainer: Explainer, user: string | undefined): Example {
  const { test } = named.dataset;
  let best: { example: Example; contrast: number } | undefined;
  let compared = 0;
  for (let sample = 0; sample < test.count && compared < MOST_COMPARED; sample++) {
    if (test.label[sample] !== 1) continue;
    const key = named.users[test.sequence[sample]];
    const length = test.length[sample];
    if (user === undefined ? length < LENGTH.least || length > LENGTH.most : key !== user) continue;
    const candidates = candidatesOf(named, sample);
    if (candidates === undefined) continue;
    const example = { user: key, sample, candidates };
    const contrast = contrastOf(example, named, explainer);
    // A user that was asked for is shown even without a contrast.
    if (contrast === undefined && user === undefined) continue;
    compared++;
    if (best === undefined || (contrast ?? 0) > best.contrast) best = { example, contrast: contrast ?? 0 };
  }
  if (best) return best.example;
  const who = user === undefined ? "no user has" : `user "${user}" does not have`;
  throw failure("experiment.no-example", { dataset: named.name, who });
}

/**
 * The item that came next; a popular item of another category that the user often chose; one of a category that the
 * user never chose. Undefined where the history has no other category than that of the item that came next.
 */
function candidatesOf(named: NamedDataset, sample: number): Candidate[] | undefined {
  const history = named.history(sample);
  const next = named.dataset.test.item[sample];
  const counts = new Map<number, number>();
  for (const row of history) counts.set(named.categoryId(row), (counts.get(named.categoryId(row)) ?? 0) + 1);
  const own = named.categoryId(next);
  const others = [...counts].filter(([id]) => id !== own && id !== 0).sort((a, b) => b[1] - a[1]);
  if (others.length === 0) return undefined;
  const popular = (fits: (row: number) => boolean): number | undefined =>
    named.popular.find((row) => row !== next && !history.includes(row) && fits(row));
  const other = popular((row) => named.categoryId(row) === others[0][0]);
  const stranger = popular((row) => !counts.has(named.categoryId(row)) && named.categoryId(row) !== own);
  const candidate = (what: string, row: number): Candidate => ({ name: `${what}: ${named.category(row)}`, row });
  return [
    candidate("came next", next),
    ...(other === undefined ? [] : [candidate("other interest", other)]),
    ...(stranger === undefined ? [] : [candidate("no interest", stranger)]),
  ];
}

/**
 * How much more attention two candidates pay to behaviours of their own category than to those of the other's;
 * undefined unless both categories are interests of the user.
 */
function contrastOf({ sample, candidates }: Example, named: NamedDataset, explainer: Explainer): number | undefined {
  const [a, b] = candidates;
  if (b === undefined) return undefined;
  const categories = named.history(sample).map((row) => named.categoryId(row));
  const [own, other] = [a, b].map(({ row }) => named.categoryId(row));
  const countOf = (id: number) => categories.filter((category) => category === id).length;
  if (countOf(own) < INTEREST || countOf(other) < INTEREST) return undefined;
  const [attentionA, attentionB] = [a, b].map(
    ({ row }) => explainer.explainCoded(named.request(sample, row)).attention,
  );
  return categories.reduce((sum, category, t) => {
    const more = attentionA[t] - attentionB[t];
    return sum + (category === own ? more : category === other ? -more : 0);
  }, 0);
}
