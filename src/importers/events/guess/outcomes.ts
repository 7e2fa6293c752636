/**
 * Columns of a log that tell what came of an impression: a model that is given them knows the answer, and a request, which
 * is made before anything is shown, cannot have them. They are known by their names. In tables of users and items such
 * names are sums over the past, and are left alone.
 */
import type { ColumnLook } from "../source/look.ts";
import { flagLabel, type GuessedLabel, ratingLabel } from "./labels.ts";
import { bare } from "./names.ts";

interface OutcomeName {
  /** What the user did or said, as it goes on from "known only after the click: ". */
  readonly what: string;
  /** Of a name in lower case without signs. */
  readonly names: RegExp;
  /** What its values look like, where the name alone could mean something else. */
  readonly when?: (look: ColumnLook) => boolean;
  /** How it would be the label. */
  readonly label?: (look: ColumnLook) => GuessedLabel | undefined;
}

const isFlag = ({ distinct }: ColumnLook) => distinct <= 2;
const isNumeric = ({ numbers, filled }: ColumnLook) => numbers === filled;

const OUTCOMES: readonly OutcomeName[] = [
  {
    what: "how it was rated",
    names: /^(?:user|my|review|item|movie|book|star)?ratings?$|^stars?$|^reviewscore$/,
    label: ratingLabel,
  },
  { what: "how it was rated", names: /^overall$/, when: isNumeric, label: ratingLabel },
  {
    what: "how others took the review",
    names: /^(?:total|review|helpful|up|down)?votes?$|^helpful(?:ness)?(?:votes?|count)?$|^useful$|^funny$|^cool$/,
  },
  {
    what: "what the user wrote of it",
    names:
      /^(?:user)?(?:review|comment|feedback)s?(?:text|body|title|summary|headline)?$|^summary$|^reviewer?comments?$/,
    when: ({ distinct }) => distinct > 2,
  },
  {
    what: "for how long",
    names:
      /^(?:ms|seconds|secs|minutes|hours)?(?:play|watch|view|read|reading|listen|listening|dwell|stay|viewing|watching)(?:ed)?(?:time|duration|secs?|seconds|ratio|rate|progress|percent|pct|length|forever)(?:ms|s|sec|seconds|min|minutes)?$/,
  },
  { what: "for how long", names: /^(?:ms|seconds|secs|minutes|hours)(?:played|watched|listened)$|^dwell(?:ms|s)?$/ },
  { what: "for how long", names: /^(?:completion|finish)(?:rate|ratio|percent)?$|^progress$|^profilestaytime$/ },
  {
    what: "what the user did with it",
    names:
      /^(?:is|has|did|flag|user)?(?:clicked|click|clk|like|liked|dislike|disliked|follow|followed|comment|commented|forward|forwarded|share|shared|repost|reposted|retweet|hate|hated|collect|collected|favou?rite|favou?rited|fav|saved?|bookmark|bookmarked|skip|skipped|finish|finished|finishplay|complete|completed|longview|readdone|profileenter|subscribe|subscribed|thumbsup|thumbsdown|install|installed|download|downloaded|addtocart|addcart|addedtocart|tocart|incart)(?:flag)?$/,
    when: isFlag,
    label: flagLabel,
  },
  {
    what: "whether it was bought",
    names:
      /^(?:is|has|did|flag)?(?:buy|bought|purchase|purchased|order|ordered|conversion|convert|converted|paid|payed|sold|return|returned|refund|refunded|booking|booked|attributed|attribution)(?:flag)?$/,
    when: isFlag,
    label: flagLabel,
  },
  {
    what: "what was spent on it",
    names:
      /^(?:total|order|purchase|paid)?(?:revenue|gmv|profit|conversionvalue)$|^(?:order|purchase|paid|pay|payment)(?:amount|value|price|total)$/,
  },
  { what: "how much of it was bought", names: /^(?:order|purchase)?(?:quantity|qty|units)$|^unitssold$/ },
];

/** What a column of the log tells of the time after the click; undefined where nothing speaks for it. */
export function outcomeOf(look: ColumnLook): string | undefined {
  return find(look)?.what;
}

/** How a column of the log would be the label, if it tells what came of an impression. */
export function outcomeLabel(look: ColumnLook): GuessedLabel | undefined {
  return find(look)?.label?.(look);
}

function find(look: ColumnLook): OutcomeName | undefined {
  const name = bare(look.column);
  return OUTCOMES.find(({ names, when }) => names.test(name) && (when?.(look) ?? true));
}
