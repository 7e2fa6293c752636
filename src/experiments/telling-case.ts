/**
 * A case that shows what attention does: a user whose history holds several categories, and candidates of some of them.
 *
 * Found by looking, not by hand: of the first users with such a history the one whose attention differs most between two
 * candidates, towards the behaviours of each candidate's own category.
 */
import { UserError } from "../errors.ts";
import type { Explainer } from "../scoring/explain.ts";
import type { Catalogue } from "./catalogue.ts";
import type { LabDataset } from "./datasets.ts";

/** How many users to look at, and how long their histories may be. */
const LOOKED_AT = 500;
const LENGTH = { least: 8, most: 30 };
/** Behaviours of a category that make it an interest. */
const INTEREST = 2;

export interface Candidate {
  readonly name: string;
  /** Catalogue row. */
  readonly row: number;
}

export interface Case {
  readonly user: string;
  /** Place among the test samples; a positive. */
  readonly sample: number;
  readonly candidates: readonly Candidate[];
}

/**
 * The case of the user with key `user`, or of the most telling one where none is named.
 * @throws UserError where there is no history that would tell anything
 */
export function findCase(
  dataset: LabDataset,
  catalogue: Catalogue,
  explainer: Explainer,
  user: string | undefined,
): Case {
  const { test } = catalogue.dataset;
  let best: { found: Case; contrast: number } | undefined;
  let looked = 0;
  for (let sample = 0; sample < test.count && looked < LOOKED_AT; sample++) {
    if (test.label[sample] !== 1) continue;
    const key = catalogue.users[test.sequence[sample]];
    const length = test.length[sample];
    if (user === undefined ? length < LENGTH.least || length > LENGTH.most : key !== user) continue;
    const candidates = candidatesOf(catalogue, sample);
    if (candidates === undefined) continue;
    const found = { user: key, sample, candidates };
    const contrast = contrastOf(found, catalogue, explainer);
    // Whoever is named is shown, telling or not.
    if (contrast === undefined && user === undefined) continue;
    looked++;
    if (best === undefined || (contrast ?? 0) > best.contrast) best = { found, contrast: contrast ?? 0 };
  }
  if (best) return best.found;
  const who = user === undefined ? "no user has" : `user "${user}" does not have`;
  throw new UserError(`${dataset.name}: ${who} a clicked test sample after behaviours of two categories`);
}

/**
 * The item that came next; a popular item of another category that the user often chose; one of a category that the user
 * never chose. Undefined where the history is all of one category.
 */
function candidatesOf(catalogue: Catalogue, sample: number): Candidate[] | undefined {
  const history = catalogue.history(sample);
  const next = catalogue.dataset.test.item[sample];
  const counts = new Map<number, number>();
  for (const row of history) counts.set(catalogue.categoryId(row), (counts.get(catalogue.categoryId(row)) ?? 0) + 1);
  const own = catalogue.categoryId(next);
  const others = [...counts].filter(([id]) => id !== own && id !== 0).sort((a, b) => b[1] - a[1]);
  if (others.length === 0) return undefined;
  const popular = (fits: (row: number) => boolean): number | undefined =>
    catalogue.popular.find((row) => row !== next && !history.includes(row) && fits(row));
  const other = popular((row) => catalogue.categoryId(row) === others[0][0]);
  const stranger = popular((row) => !counts.has(catalogue.categoryId(row)) && catalogue.categoryId(row) !== own);
  const named = (what: string, row: number) => ({ name: `${what}: ${catalogue.category(row)}`, row });
  return [
    named("came next", next),
    ...(other === undefined ? [] : [named("other interest", other)]),
    ...(stranger === undefined ? [] : [named("no interest", stranger)]),
  ];
}

/**
 * How much more two candidates attend to behaviours of their own category than to those of the other's; undefined where
 * these are not two interests.
 */
function contrastOf({ sample, candidates }: Case, catalogue: Catalogue, explainer: Explainer): number | undefined {
  const [a, b] = candidates;
  if (b === undefined) return undefined;
  const categories = catalogue.history(sample).map((row) => catalogue.categoryId(row));
  const [own, other] = [a, b].map(({ row }) => catalogue.categoryId(row));
  const share = (id: number) => categories.filter((category) => category === id).length;
  if (share(own) < INTEREST || share(other) < INTEREST) return undefined;
  const [attentionA, attentionB] = [a, b].map(
    ({ row }) => explainer.explainCoded(catalogue.request(sample, row)).attention,
  );
  return categories.reduce((sum, category, t) => {
    const more = attentionA[t] - attentionB[t];
    return sum + (category === own ? more : category === other ? -more : 0);
  }, 0);
}
