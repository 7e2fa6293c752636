/**
 * The layouts of the public dumps of Amazon reviews, by their years: what a line of reviews and of metadata is called in
 * each. That of 2014 and 2018 is one for reviews. A line has the layout whose key it has.
 */
import { isTime } from "../../dataset/time.ts";

/** Looks up a field of a line. */
export type Fields = (name: string) => unknown;

/** A field that a line lacks or that holds something else; and of which layout it is, where the line has one. */
export interface Wrong {
  readonly field: string;
  readonly layout: string;
}

export interface Review {
  readonly user: string;
  readonly item: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

const EARLIER = "of 2014 and 2018";
const LATEST = "of 2023";

/** The review of a line. */
export function reviewOf(fields: Fields): Review | Wrong {
  const isLatest = fields("reviewerID") === undefined && fields("user_id") !== undefined;
  const [layout, userField, itemField, timeField, unit] = isLatest
    ? ([LATEST, "user_id", "parent_asin", "timestamp", 1] as const)
    : ([EARLIER, "reviewerID", "asin", "unixReviewTime", 1000] as const);
  const [user, item, time] = [fields(userField), fields(itemField), fields(timeField)];
  if (!isName(user)) return { field: userField, layout };
  if (!isName(item)) return { field: itemField, layout };
  if (!Number.isInteger(time) || !isTime(unit * (time as number))) return { field: timeField, layout };
  return { user, item, time: unit * (time as number) };
}

/** The item of a line of metadata. */
export function itemOf(fields: Fields): string | Wrong {
  const [field, layout] = isOf2023(fields) ? ["parent_asin", LATEST] : ["asin", EARLIER];
  const item = fields(field);
  return isName(item) ? item : { field, layout };
}

/** Its category, the last name of a list; of 2014 of the first of several lists. Undefined where it has none. */
export function categoryOf(fields: Fields): string | undefined | Wrong {
  const isOf2018 = !isOf2023(fields) && fields("categories") === undefined;
  const layout = isOf2023(fields) ? LATEST : isOf2018 ? "of 2018" : "of 2014";
  const field = isOf2018 ? "category" : "categories";
  const given = fields(field);
  const names = layout === "of 2014" && Array.isArray(given) && given.length > 0 ? given[0] : given;
  if (given === undefined || (Array.isArray(given) && given.length === 0)) return undefined;
  const category: unknown = Array.isArray(names) ? names.at(-1) : undefined;
  return isName(category) ? category : { field, layout };
}

function isOf2023(fields: Fields): boolean {
  return fields("parent_asin") !== undefined;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
