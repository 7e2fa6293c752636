/** A guess as features.yaml: a text for people to go on with, every line of it explained. */
import { printable } from "../../../errors/printable.ts";
import { FIELD_KINDS, type FieldKind } from "../../../features/schema.ts";
import { TODO } from "../features/features.ts";
import type { GuessedLayout } from "../source/guess-layout.ts";
import type { Layout } from "../source/layout.ts";
import type { Guess, GuessedField } from "./guess.ts";
import type { GuessedList } from "./item-lists.ts";
import type { GuessedLabel } from "./labels.ts";
import { ROLES, type Role } from "./roles.ts";
import { isUnlabelled, SHARED } from "./unlabelled.ts";

/** What `columns.time` calls the order of the rows. */
const ROWS_WORD = "row";

const MEANINGS: Readonly<Record<Role, string>> = {
  user: "who it was",
  item: "what was shown or used",
  time: "when: ISO 8601, or seconds, milliseconds or microseconds since 1970",
  label: "whether it was clicked: 0 or 1; rows without one are behaviours only",
  type: "what kind of event it is (click, cart, buy), or which scene it happened in",
};

const FIELDS: Readonly<Record<FieldKind, string>> = {
  user: "of the user: the same wherever the user is seen",
  item: "of the item, beside its own id, which is always a field: what it is like",
  context: "of the moment: where and when the item was shown",
};

/** The text of features.yaml. */
export function featuresText(guess: Guess): string {
  return `# What the columns of the log are, and which fields a model is given. Guessed by \`dien init\` from the first
# ${guess.rows} rows: check it and change what is wrong. A line that begins with # is not read.

${layoutLines(guess)}# The columns that make a row: who did what, when.
columns:
${ROLES.map((role) => roleLine(guess, role)).join("")}
# Behaviours are the user's history: what a prediction is made from. Without this section, every row that is not labelled 0.
behaviours:
${typesLine(guess, "only rows of these types")}${line("  # window_days: 90", "only so many days back")}${line("  max_history: 50", "the latest so many behaviours; more cost time, and rarely help")}
# Impressions are what is predicted: without this section, every labelled row.
${impressionLines(guess)}${typesLine(guess, "only labelled rows of these types")}${historyLine(guess)}
# The latest impressions are kept apart: for validation, and for the test after training.
split: { valid: 0.1, test: 0.1 }
# split: { valid_from: "2024-05-01", test_from: "2024-05-08" }   # or from these times on

# Values that training has less often than this are treated as unknown: what is seen once teaches nothing that lasts.
# A field may have its own.
min_count: 2

${missingLine(guess)}${offsetLine(guess)}${keyLines(guess)}
# The fields of the model. A name alone is a column of that name; or:
#   - { name: price, column: Price EUR, kind: number, buckets: 16, min_count: 5, from: items }
# kind: category (each value by itself), number (in buckets of about as many values each), value (the number itself; scale:
# log1p for sizes), list (several values; separator: "|", or JSON arrays), hour, weekday (of the time).
# from: where the column is: events (the log), users, items (the tables of --users and --items).
fields:
${FIELD_KINDS.map((kind) => section(guess, kind)).join("")}`;
}

/** What has to be said of how a file is written, as features.yaml has it. */
export function layoutSettings({ layout, why }: GuessedLayout): { key: string; value: string; why: string }[] {
  return Object.entries(layout).map(([key, value]) => ({
    key,
    value: typeof value === "string" ? scalar(value) : list(value as readonly string[]),
    why: why[key as keyof Layout] ?? "as it was given",
  }));
}

/** The sections of layouts; none where names of files say enough. */
function layoutLines({ layouts: { events, ...tables } }: Guess): string {
  const lines = (found: GuessedLayout | undefined, indent: string) =>
    found === undefined
      ? ""
      : layoutSettings(found)
          .map(({ key, value, why }) => line(`${indent}${key}: ${value}`, why))
          .join("");
  const log = lines(events, "  ");
  const others = (["users", "items"] as const).map((name) => {
    const own = lines(tables[name], "    ");
    return own === "" ? "" : `  ${name}:\n${own}`;
  });
  return [
    log === "" ? "" : `# How the log is written, where its name does not say.\nlayout:\n${log}\n`,
    others.join("") === "" ? "" : `# How the tables are written.\ntables:\n${others.join("")}\n`,
  ].join("");
}

function roleLine({ columns, labels, lists, there }: Guess, role: Role): string {
  if (lists.shown && (role === "item" || role === "label")) return "";
  const meaning = MEANINGS[role];
  const found = columns[role];
  const formats = found?.formats ?? [];
  if (found && formats.length > 1) {
    const choices = formats.map((format) => timeText(found.column, format)).join(" or ");
    return `  # ${meaning} (guessed ${printable(found.why)}). TODO: it may be\n  # ${choices}\n  ${role}: ${TODO}\n`;
  }
  if (found) {
    const text = role === "time" ? timeText(found.column, formats[0]) : labelText(found);
    return `  # ${meaning} (guessed ${printable(found.why)})\n  ${role}: ${text}\n`;
  }
  if (role === "label" && labels.length > 0) {
    const lines = labels.map((label) => `  # label: ${labelText(label)}\n`);
    return `  # ${meaning} (none was found; what users did and said could be one)\n${lines.join("")}`;
  }
  if (role === "label" || role === "type") return `  # ${meaning} (none was found)\n  # ${role}: COLUMN\n`;
  const order = role === "time" ? ", or row: what stands further down happened later" : "";
  const choice = `write here which column it is${order}. There are: ${printable(there.join(", "))}`;
  return `  # ${meaning}. TODO: ${choice}\n  ${role}: ${TODO}\n`;
}

/** A column of times; alone, `row` would be the order of the rows. */
export function timeText(column: string, format: string | undefined): string {
  if (format === undefined) return column === ROWS_WORD ? `{ column: ${column} }` : scalar(column);
  return `{ column: ${scalar(column)}, format: ${scalar(format)} }`;
}

/** A column, and what of it is positive where that has to be said. */
export function labelText({ column, positive }: GuessedLabel): string {
  if (positive === undefined) return scalar(column);
  return `{ column: ${scalar(column)}, positive: ${typeof positive === "string" ? scalar(positive) : list(positive)} }`;
}

function impressionLines({ lists: { shown } }: Guess): string {
  if (shown === undefined) return "# impressions:\n";
  const how = "label" in shown ? `label: ${scalar(shown.label)}` : `clicked: ${scalar(shown.clicked)}`;
  return `impressions:\n${line(`  list: { ${listKeys(shown)}, ${how} }`, "a row lists what was shown together")}`;
}

function historyLine({ lists: { before } }: Guess): string {
  if (before === undefined) return "";
  return `\n# What the user did before, oldest first: the row's own list is then the history.\nhistory: { ${listKeys(before)} }\n`;
}

function listKeys({ column, separator }: GuessedList): string {
  return `column: ${scalar(column)}${separator === undefined ? "" : `, separator: ${scalar(separator)}`}`;
}

function typesLine({ columns, types }: Guess, what: string): string {
  return columns.type
    ? line(`  # types: ${list(types)}`, what)
    : line("  # types: [TYPE]", `${what}; needs columns.type`);
}

function missingLine({ missing }: Guess): string {
  return missing.length === 0 ? "" : `# Texts that mean that there is no value.\nmissing: ${list(missing)}\n\n`;
}

function offsetLine({ isLocalTime }: Guess): string {
  return isLocalTime
    ? `# The log's times carry no offset: whose clock they are read from. Hours and weekdays are of this clock too.\nutc_offset: "+00:00"\n`
    : `# Hours and weekdays are of the clock of this offset; the log's times carry their own.\n# utc_offset: "+00:00"\n`;
}

/** The section of keys, where a table's key has not the log's name or is not known. */
function keyLines({ keys, columns }: Guess): string {
  const lines = (["user", "item"] as const).flatMap((kind) => {
    const key = keys[kind];
    if (key === undefined || (key !== null && key === columns[kind]?.column)) return [];
    return [
      line(
        `  ${kind}: ${key === null ? TODO : scalar(key)}`,
        `the column of the ${kind}s' table with the ${kind}'s id`,
      ),
    ];
  });
  return lines.length === 0
    ? ""
    : `\n# Names of the key columns of the tables, where they are not those of the log.\nkeys:\n${lines.join("")}`;
}

function section(guess: Guess, kind: FieldKind): string {
  const left = guess.leftOut.filter(({ of }) => of === kind).map((field) => fieldLine(guess, kind, field, "# "));
  const kept = guess.fields[kind].map((field) => fieldLine(guess, kind, field, ""));
  if (kind === "context") {
    const isShared = isUnlabelled(guess);
    const mark = guess.hasTimeOfDay && !isShared ? "" : "# ";
    for (const clock of ["hour", "weekday"] as const) {
      const text = line(
        `    ${mark}- { name: ${guess.clocks[clock]}, kind: ${clock} }`,
        isShared ? SHARED : `${clock === "hour" ? "0 to 23" : "mon to sun"}, of the time`,
      );
      (mark ? left : kept).push(text);
    }
  }
  const [title, body] = [`  # ${FIELDS[kind]}\n`, [...kept, ...left].join("")];
  if (kept.length > 0) return `${title}  ${kind}:\n${body}`;
  const none = body === "" ? `  ${kind}: []\n` : line(`  ${kind}: []`, "none; take [] away with the # of a line below");
  return `${title}${none}${body}`;
}

function fieldLine({ keys }: Guess, kind: FieldKind, field: GuessedField, mark: string): string {
  const { name, column, from, why } = field;
  if (column === "") return line("    # (a column without a name)", why);
  const home = kind === "context" || keys[kind] === undefined ? "events" : `${kind}s`;
  const settings = [
    `name: ${scalar(name)}`,
    ...(column === name ? [] : [`column: ${scalar(column)}`]),
    ...(field.kind === "category" ? [] : [`kind: ${field.kind}`]),
    ...(field.separator === undefined ? [] : [`separator: ${scalar(field.separator)}`]),
    ...(from === home ? [] : [`from: ${from}`]),
  ];
  return line(`    ${mark}- ${settings.length === 1 ? scalar(name) : `{ ${settings.join(", ")} }`}`, why);
}

function line(text: string, comment: string): string {
  return `${text.padEnd(40)} # ${printable(comment)}\n`;
}

function list(values: readonly string[]): string {
  return printable(`[${values.map(scalar).join(", ")}]`);
}

/**
 * Bare where it is a plain word; else quoted, for YAML reads the strings of JSON. What a terminal or an editor would take
 * for the end of a line is escaped.
 */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  if (isPlain) return text;
  const escaped = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(text).replace(/[\x7f-\x9f\u2028\u2029\ufeff]/g, escaped);
}
