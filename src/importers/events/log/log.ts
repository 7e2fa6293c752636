/**
 * From the raw tables that `loadTable` made to coded ones: texts become small integers once, by joins with
 * dictionaries, and everything after works on integers.
 *
 * Dictionaries, users and items are numbered in the order of their texts (bytes of UTF-8), and the log is sorted by all
 * its columns, so that nothing depends on the order in which rows were read. What comes of it:
 *
 * | table | columns |
 * |---|---|
 * | `log` | `sequence`, `time`, `item` (catalogue row, 0 unknown), `label` (-1 of what is no impression), `behaviour` (0 or 1), `weight` of an impression where it has one, codes of the fields of its rows |
 * | `users` | `sequence`, `key` (null of nobody), where histories are given `owner` (the number of the user who has it), `behaviours` (how many), codes of the fields of the users' table |
 * | `catalogue` | `row`, `key`, `keyed` (false of what is known by its fields alone), codes of the fields of items, as training knows them |
 * | `d_FIELD` | `code`, `raw`: a field's dictionary, in order; code 0 means missing and is not in it |
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quote } from "../../../database/sql.ts";
import { MINUTE } from "../../../dataset/time.ts";
import { failure } from "../../../errors/failure.ts";
import { type Features, type FieldSpec, hasImpressions, QUARTER, readsTime } from "../features/features.ts";
import { oneNumber } from "../source/stream.ts";
import { codeColumn, dictionaryOf, type GivenTables, knownColumn, logsOf, rawColumn, withoutItems } from "./names.ts";

/** Milliseconds that times are cut to of which hours and weekdays are made. */
const QUARTER_TIME = QUARTER * MINUTE;

/** Behind all behaviours of a history. */
const LAST_PLACE = 2 ** 31 - 1;

/**
 * Makes the tables above but the catalogue, and returns how many rows were left out, by reason.
 * @param onStep called before each of `total` steps
 * @throws UserError where features name a type that no row has
 */
export async function buildLog(
  connection: DuckDBConnection,
  features: Features,
  tables: GivenTables,
  onStep: (done: number, total: number) => void,
): Promise<Record<string, number>> {
  await checkTypes(connection, features, tables);
  const { user, item, context } = features.fields;
  const dictionaries = [...user, ...item, ...context].filter(({ from }) => from !== "key");
  const statements = [
    ...usedRows(features, tables),
    userKeys(features, tables),
    itemKeys(features, tables),
    ...dictionaries.map((field) => dictionary(dictionaryOf(field.name), rawValues(field, features, tables))),
    ...typeDictionary(features, tables),
    sortedLog(features, tables),
    users(features),
  ];
  for (const [index, statement] of statements.entries()) {
    onStep(index, statements.length);
    await connection.run(statement);
  }
  return droppedRows(connection, features, tables);
}

/** Types that an error names of those that there are. */
const MOST_NAMED = 5;

/** A type that no row has is mistyped. */
async function checkTypes(connection: DuckDBConnection, features: Features, tables: GivenTables): Promise<void> {
  const { columns, impressions, target, behaviours } = features;
  const events = columns.type === undefined ? [] : ["events"];
  const own = tables.behaviours && behaviours.columns.type !== undefined ? ["behaviours"] : [];
  const asked = { "impressions.types": impressions.types, target, "behaviours.types": behaviours.types };
  for (const [key, types] of Object.entries(asked)) {
    if (types === undefined) continue;
    const logs = (key === "behaviours.types" ? [...events, ...own] : events).map(
      (log) => `SELECT "type" FROM raw_${log}`,
    );
    const read = async (where: string, most: number) => {
      const query = `SELECT "type" FROM (${logs.join(" UNION ALL ")}) WHERE ${where}
        GROUP BY "type" ORDER BY count(*) DESC, "type" LIMIT ${most}`;
      return (await connection.runAndReadAll(query)).getRows().map(([type]) => type as string);
    };
    const found = await read(`"type" IN (${types.map(quote).join(", ")})`, types.length);
    const absent = types.filter((type) => !found.includes(type));
    if (absent.length === 0) continue;
    const there = await read(`"type" IS NOT NULL`, MOST_NAMED + 1);
    const known = there.slice(0, MOST_NAMED);
    throw failure("log.unknown-type", { key, types: absent, known, more: there.length > MOST_NAMED });
  }
}

/** Statements that make a view `marked_LOG` of each log: its rows, and whether they are impressions and behaviours. */
export function markedRows(features: Features, tables: GivenTables): string[] {
  const { columns, behaviours, impressions, target } = features;
  const among = (types: readonly string[] | undefined, typed: boolean) =>
    types === undefined || !typed ? "true" : `coalesce("type" IN (${types.map(quote).join(", ")}), false)`;
  const labelled = columns.label !== undefined;
  const isBehaviour = among(behaviours.types, columns.type !== undefined);
  const kinds = {
    events: [
      labelled
        ? `"label" IS NOT NULL AND ${among(impressions.types, columns.type !== undefined)}`
        : target
          ? among(target, true)
          : "false",
      features.history ? "false" : labelled ? `coalesce("label", 1) = 1 AND ${isBehaviour}` : isBehaviour,
    ],
    behaviours: ["false", among(behaviours.types, behaviours.columns.type !== undefined)],
  };
  return logsOf(tables).map((log) => {
    const [impression, behaviour] = kinds[log];
    return `CREATE VIEW marked_${log} AS SELECT *, ${impression} AS impression, ${behaviour} AS behaviour FROM raw_${log}`;
  });
}

/**
 * Rows that are impressions (labelled, or of a target type), behaviours or both; of nobody, impressions. Where types are
 * predicted, users without a row of one are left out. Where behaviours are, users with one alone are: their rows, that is,
 * do not differ in any column.
 */
function usedRows(features: Features, tables: GivenTables): string[] {
  const { columns, behaviours, target } = features;
  const labelled = columns.label !== undefined;
  const all = logsOf(tables).map(
    (log) => `CREATE VIEW all_${log} AS FROM marked_${log} WHERE impression OR (behaviour AND "user" IS NOT NULL)`,
  );
  const views = [...markedRows(features, tables), ...all];
  const used = (rest: string) => logsOf(tables).map((log) => `CREATE VIEW used_${log} AS FROM all_${log} ${rest}`);
  if (labelled) return [...views, ...used("")];
  if (target !== undefined) {
    const hasTarget = `SELECT DISTINCT "user" FROM all_events WHERE impression`;
    const keys = logsOf(tables).map((log) => `SELECT "user" FROM all_${log}`);
    return [
      ...views,
      `CREATE TABLE left_users AS SELECT DISTINCT "user" FROM (${keys.join(" UNION ALL ")})
      WHERE "user" IS NOT NULL EXCEPT ${hasTarget}`,
      ...used(`ANTI JOIN left_users USING ("user")`),
    ];
  }
  const constant = (column: string) =>
    `count(${column}) IN (0, count(*)) AND min(${column}) IS NOT DISTINCT FROM max(${column})`;
  const alone = logsOf(tables).map((log) => {
    const what =
      log === "behaviours" && withoutItems(features, tables)
        ? behaviours.fields.map(({ name }) => rawColumn(name))
        : [`"item"`];
    const coded = codedColumns(features, tables).flatMap(({ raw }) => raw[log] ?? []);
    return `SELECT "user", ${[`"time"`, ...what, ...coded].map(constant).join(" AND ")} AS alone
      FROM all_${log} GROUP BY "user"`;
  });
  return [
    ...views,
    `CREATE TABLE left_users AS SELECT "user" FROM (${alone.join(" UNION ALL ")})
    GROUP BY "user" HAVING count(*) = 1 AND bool_and(alone)`,
    ...used(`ANTI JOIN left_users USING ("user")`),
  ];
}

/** A column of codes in the log: its dictionary, and the raw text in the rows of each log that has it. */
interface CodedColumn {
  readonly name: string;
  readonly dictionary: string;
  readonly raw: { readonly [log: string]: string };
}

/** Fields that the rows of the logs have, and the type, which only distinguishes rows. */
function codedColumns(features: Features, tables: GivenTables): CodedColumn[] {
  const { columns, fields } = features;
  const coded = [...fields.user, ...fields.item, ...fields.context]
    .filter(({ from }) => from === "events")
    .map((field): CodedColumn => {
      const raw = rawText(field);
      return {
        name: codeColumn(field.name),
        dictionary: dictionaryOf(field.name),
        raw: { events: raw, ...(inBehaviours(field, features, tables) && { behaviours: raw }) },
      };
    });
  const types = {
    ...(columns.type !== undefined && { events: `"type"` }),
    ...(tables.behaviours && features.behaviours.columns.type !== undefined && { behaviours: `"type"` }),
  };
  if (Object.keys(types).length > 0) coded.push({ name: `"type"`, dictionary: "types", raw: types });
  return coded;
}

/** Whether rows of the behaviours' own log have the field; times only where they are predicted. */
function inBehaviours(field: FieldSpec, features: Features, tables: GivenTables): boolean {
  if (!tables.behaviours) return false;
  if (readsTime(field)) return !hasImpressions(features);
  return features.behaviours.fields.some(({ name }) => name === field.name);
}

/** The raw value of a field in a row; of hours and weekdays its time. */
function rawText(field: FieldSpec): string {
  if (readsTime(field)) return `("time" - ("time" % ${QUARTER_TIME} + ${QUARTER_TIME}) % ${QUARTER_TIME})::VARCHAR`;
  return rawColumn(field.name);
}

/** Queries that give the raw values of a field, in the data that are used. */
function rawValues(field: FieldSpec, features: Features, tables: GivenTables): string[] {
  const raw = rawText(field);
  const queries = {
    events: [`SELECT ${raw} AS raw FROM used_events`],
    users: [`SELECT ${raw} AS raw FROM raw_users SEMI JOIN user_keys ON "user" = key`],
    items: [`SELECT ${raw} AS raw FROM raw_items SEMI JOIN item_keys ON "item" = key AND keyed`],
    key: [],
  }[field.from];
  return inBehaviours(field, features, tables) ? [...queries, `SELECT ${raw} AS raw FROM used_behaviours`] : queries;
}

function dictionary(name: string, queries: readonly string[]): string {
  return `CREATE TABLE ${name} AS SELECT raw, row_number() OVER (ORDER BY raw)::INTEGER AS code
    FROM (SELECT DISTINCT raw FROM (${queries.join(" UNION ALL ")}) WHERE raw IS NOT NULL) ORDER BY code`;
}

function typeDictionary(features: Features, tables: GivenTables): string[] {
  const types = codedColumns(features, tables).find(({ dictionary }) => dictionary === "types");
  if (types === undefined) return [];
  return [
    dictionary(
      "types",
      Object.entries(types.raw).map(([log, raw]) => `SELECT ${raw} AS raw FROM used_${log}`),
    ),
  ];
}

/** Users, or where histories are given the histories of each (lists.ts). */
function userKeys(features: Features, tables: GivenTables): string {
  const given = features.history ? ", given" : "";
  const keys = logsOf(tables).map((log) => `SELECT "user" AS key${given} FROM used_${log}`);
  return `CREATE TABLE user_keys AS SELECT key${given}, (row_number() OVER (ORDER BY key${given}) - 1)::INTEGER AS sequence
    FROM (SELECT DISTINCT key${given} FROM (${keys.join(" UNION ALL ")}) WHERE key IS NOT NULL) ORDER BY sequence`;
}

/**
 * The items of both logs; behaviours that name none are of an item that is known by its fields alone, whose key
 * lists them: `cate=1 brand=2`.
 */
function itemKeys(features: Features, tables: GivenTables): string {
  const unkeyed = withoutItems(features, tables);
  const fields = unkeyed ? features.behaviours.fields.map(({ name }) => name) : [];
  const keyed = (unkeyed ? ["events"] : logsOf(tables)).map((log) => `SELECT "item" AS key FROM used_${log}`);
  const none = fields.map((name) => `, NULL::VARCHAR AS ${knownColumn(name)}`).join("");
  const queries = [`SELECT DISTINCT key, true AS keyed${none} FROM (${keyed.join(" UNION ALL ")})`];
  if (unkeyed) {
    const key = fields.map((name) => `${quote(`${name}=`)} || ${knownColumn(name)}`).join(", ");
    const values = fields.map((name) => `${rawColumn(name)} AS ${knownColumn(name)}`).join(", ");
    queries.push(`SELECT concat_ws(' ', ${key}) AS key, false AS keyed, * FROM (SELECT DISTINCT ${values} FROM used_behaviours)
      WHERE coalesce(${fields.map(knownColumn).join(", ")}) IS NOT NULL`);
  }
  const order = ["key", "keyed DESC", ...fields.map(knownColumn)].join(", ");
  return `CREATE TABLE item_keys AS SELECT *, row_number() OVER (ORDER BY ${order})::INTEGER AS row
    FROM (${queries.join(" UNION ALL ")}) ORDER BY row`;
}

/** Rows of a user that are equal in all columns are one; each of nobody's rows is of a user who comes after all others. */
function sortedLog(features: Features, tables: GivenTables): string {
  const coded = codedColumns(features, tables);
  const weighted = features.columns.weight !== undefined;
  const selections = logsOf(tables).map((log) => {
    const own = coded.filter(({ raw }) => raw[log] !== undefined);
    const codes = coded.map((column) => {
      const code = own.includes(column) ? `coalesce(${column.dictionary}.code, 0)` : "0::INTEGER";
      return `, ${code} AS ${column.name}`;
    });
    const joins = own.map(({ dictionary, raw }) => `LEFT JOIN ${dictionary} ON ${dictionary}.raw = ${raw[log]}`);
    const keyed = log === "events" || !withoutItems(features, tables);
    const alike = features.behaviours.fields.map(
      ({ name }) => `${knownColumn(name)} IS NOT DISTINCT FROM ${rawColumn(name)}`,
    );
    const value = features.target ? "1" : `"label"`;
    const label = log === "events" && hasImpressions(features);
    // Given behaviours come first, in their order.
    const place = features.history ? `${log === "events" ? `${LAST_PLACE}::INTEGER` : "place"} AS place, ` : "";
    const columns = `${place}"time", coalesce(item_keys.row, 0) AS item,
        ${label ? `CASE WHEN impression THEN ${value} ELSE -1 END::TINYINT` : "-1::TINYINT"} AS label,
        ${log === "events" ? "behaviour::TINYINT" : "1::TINYINT"} AS behaviour${weighted ? `, ${label ? "CASE WHEN impression THEN weight ELSE 0 END" : "0"}::FLOAT AS weight` : ""}${codes.join("")}`;
    const dictionaries = `LEFT JOIN item_keys ON ${keyed ? `item_keys.keyed AND item_keys.key = used."item"` : `NOT item_keys.keyed AND ${alike.join(" AND ")}`}
      ${joins.join(" ")}`;
    return { log, columns, dictionaries };
  });
  const ofHistory = features.history ? "AND user_keys.given = used.given" : "";
  const parts = selections.map(
    ({ log, columns, dictionaries }) =>
      `SELECT DISTINCT sequence, ${columns} FROM used_${log} used JOIN user_keys ON user_keys.key = used."user" ${ofHistory} ${dictionaries}`,
  );
  if (features.anonymous) {
    const [{ columns, dictionaries }] = selections;
    const order = [
      `"time"`,
      "item",
      "label",
      "behaviour",
      ...(weighted ? ["weight"] : []),
      ...coded.map(({ name }) => name),
    ].join(", ");
    parts.push(`SELECT ((SELECT count(*) FROM user_keys) + row_number() OVER (ORDER BY ${order}) - 1)::INTEGER AS sequence, *
      FROM (SELECT ${columns} FROM used_events used ${dictionaries} WHERE used."user" IS NULL)`);
  }
  return `CREATE TABLE log AS ${parts.join(" UNION ALL ")} ORDER BY ALL`;
}

function users(features: Features): string {
  const own = features.fields.user.filter(({ from }) => from === "users");
  const codes = own.map(({ name }) => `, coalesce(${dictionaryOf(name)}.code, 0) AS ${codeColumn(name)}`);
  const joins = own.map(
    (field) => `LEFT JOIN ${dictionaryOf(field.name)} ON ${dictionaryOf(field.name)}.raw = ${rawText(field)}`,
  );
  const table = own.length === 0 ? "" : `LEFT JOIN raw_users ON raw_users."user" = user_keys.key`;
  const owner = features.history ? `, (dense_rank() OVER (ORDER BY user_keys.key) - 1)::INTEGER AS owner` : "";
  return `CREATE TABLE users AS SELECT sequence, user_keys.key${owner}, behaviours${codes.join("")}
    FROM (SELECT sequence, sum(behaviour)::INTEGER AS behaviours FROM log GROUP BY sequence) LEFT JOIN user_keys USING (sequence)
    ${table} ${joins.join(" ")} ORDER BY sequence`;
}

async function droppedRows(connection: DuckDBConnection, features: Features, tables: GivenTables) {
  const count = (query: string) => oneNumber(connection, query);
  const rows = (suffix: string) =>
    logsOf(tables)
      .map((log) => `(SELECT count(*) FROM ${suffix}_${log})`)
      .join(" + ");
  const leaving = features.columns.label === undefined;
  const reason = features.target ? "usersWithoutTarget" : "usersWithOneBehaviour";
  const nobody = logsOf(tables).map(
    (log) => `(SELECT count(*) FROM marked_${log} WHERE "user" IS NULL AND behaviour AND NOT impression)`,
  );
  const anonymous = features.anonymous ? await count(nobody.join(" + ")) : 0;
  return {
    unusedEvents: (await count(`${rows("raw")} - (${rows(leaving ? "all" : "used")})`)) - anonymous,
    ...(features.anonymous && { anonymousBehaviours: anonymous }),
    ...(leaving && { [reason]: await count("SELECT count(*) FROM left_users") }),
    duplicateEvents: await count(`${rows("used")} - (SELECT count(*) FROM log)`),
  };
}
