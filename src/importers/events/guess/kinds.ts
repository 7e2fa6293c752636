/**
 * Whether a column is a category, a number or a list. Codes are often numbers, and buckets of codes say nothing, while a number
 * that is taken for a category still says what it says: so in doubt it is a category.
 */
import type { ColumnLook } from "../source/look.ts";
import type { ListLook } from "../source/look-lists.ts";
import { bare, wordsOf } from "./names.ts";

export interface GuessedKind {
  readonly kind: "category" | "number" | "list";
  /** Of lists: what stands between their values, where they are no JSON arrays. */
  readonly separator?: string;
  /** Of numbers and lists: why they are taken for what they are. */
  readonly why?: string;
}

/** A number with fewer values than this is as good as a category. */
const FEW_NUMBERS = 30;
/** Of the values for which something must hold: real logs have slips. */
const MOST = 0.99;

const words = (list: string) => new Set(list.split(/\s+/));

/** Words of names that measure something, and of names that are codes: the last one that is either decides. */
const MEASURES = words(
  `price prices msrp cost fee amount amt value sum total count counts cnt quantity qty length len duration size weight height
  width depth age rate ratio percent percentage pct share ctr cvr probability prob distance lat latitude lon lng long
  longitude altitude temperature balance income salary budget discount bid views impressions sales seconds secs sec
  minutes mins hours days weeks months years ms bytes kb mb pages score scores popularity delay elapsed gap lifetime
  tenure frequency capacity area volume followers following fans friends likes reviews ratings average avg mean std
  min max stock speed power mileage km miles kg cm mm`,
);
const CODES = words(
  `id ids uid pid cid key code codes zip zipcode postcode postal no type types level flag category categories cat cate
  brand city country state province region district campaign campaigns customer advertiser publisher channel class
  group segment seller shop store merchant vendor dept department section cluster bucket bin tag label hash idx device
  os model version platform site app page slot network carrier gender sex occupation job user item product sku genre
  topic language lang color colour hour day weekday month season year scene source status tab position`,
);

const ENDS_AS_CODE = /(?:id|code|zip|type|level|flag)$/;

/** @param from whether the name speaks of a code, a measure or neither */
function sayingOf(column: string): "code" | "measure" | undefined {
  const all = wordsOf(column);
  for (const word of [...all].reverse()) {
    if (MEASURES.has(word)) return "measure";
    if (CODES.has(word)) return "code";
  }
  if (ENDS_AS_CODE.test(bare(column))) return "code";
  // num_pages; order_num may be either.
  return all.length > 1 && (all[0] === "num" || all[0] === "n") ? "measure" : undefined;
}

export function kindOf(look: ColumnLook, list: ListLook | undefined): GuessedKind {
  if (list !== undefined) {
    const { separator, distinct, mean } = list;
    const why = `lists of ${distinct} different values, ${mean.toFixed(1)} a row`;
    return { kind: "list", why, ...(separator !== undefined && { separator }) };
  }
  const { column, filled, distinct, numbers, wholes, padded, least, absent } = look;
  if (numbers === 0 || numbers < MOST * (filled - absent.count)) return { kind: "category" };
  const others = filled - absent.count - numbers;
  const category = (why: string) => ({ kind: "category", why }) as const;
  const number = (why: string) => ({ kind: "number", why }) as const;
  if (distinct - absent.words.length < FEW_NUMBERS) return category("a category, as there are few different numbers");
  if (padded > 0) return category("codes: they have leading zeros");
  const saying = sayingOf(column);
  if (saying === "code") return category("codes, by the name");
  if (others > 0)
    return category(`numbers but for ${others} of ${filled} values: a number where these are \`missing\``);
  if (saying === "measure") return number("a number, by the name");
  if (wholes < MOST * numbers) return number("a number: it has fractions");
  if (least !== null && least < -1) return number("a number: some are negative");
  return category("whole numbers, which may be codes: `kind: number` if they measure something");
}
