/** Rows that list candidates, and rows that bring their histories: the layouts of MIND, EB-NeRD and of CTR libraries. */
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { SPLITS } from "../../../src/dataset/dataset.ts";
import { readManifest } from "../../../src/dataset/manifest.ts";
import { openDataset } from "../../../src/dataset/read.ts";
import { resolveFeatures } from "../../../src/importers/events/features/features.ts";
import { prepareEvents } from "../../../src/importers/events/prepare.ts";
import { inspectDataset } from "../../../src/inspection/measure/inspect.ts";
import { loadVocabularies } from "../../support/dataset.ts";
import { folder as made } from "./cases.ts";
import { csv, load, write } from "./support.ts";

/** A row that lists candidates. */
interface Given {
  readonly user: string;
  /** Minutes since a day. */
  readonly minute: number;
  readonly history: readonly string[];
  readonly candidates: readonly (readonly [item: string, label: 0 | 1])[];
}

const START = Date.UTC(2019, 10, 11);
const timeOf = (minute: number) => new Date(START + 60_000 * minute).toISOString();
const columns = { user: "user", time: "time" };
const context = [{ name: "hour", kind: "hour" }];

/** Two users and the impressions of case 13, and more after them for validation and test. */
const ROWS: readonly Given[] = [
  {
    user: "U1",
    minute: 1,
    history: ["N1", "N2"],
    candidates: [
      ["N3", 1],
      ["N4", 0],
    ],
  },
  {
    user: "U2",
    minute: 2,
    history: ["N9"],
    candidates: [
      ["N4", 0],
      ["N3", 0],
      ["N5", 1],
    ],
  },
  {
    user: "U1",
    minute: 3,
    history: ["N1", "N2"],
    candidates: [
      ["N5", 0],
      ["N6", 1],
    ],
  },
  { user: "U1", minute: 4, history: ["N1", "N2", "N3"], candidates: [["N5", 1]] },
  {
    user: "U2",
    minute: 9,
    history: [],
    candidates: [
      ["N7", 0],
      ["N1", 1],
    ],
  },
  {
    user: "U1",
    minute: 11,
    history: ["N1", "N2"],
    candidates: [
      ["N7", 1],
      ["N8", 0],
    ],
  },
];
const split = { valid_from: timeOf(9), test_from: timeOf(11) };

const shownOf = ({ candidates }: Given) => candidates.map(([item, label]) => `${item}-${label}`).join(" ");
const mind = (rows: readonly Given[]) =>
  csv(
    ["user", "time", "history", "impressions"],
    rows.map((row) => [row.user, timeOf(row.minute), row.history.join(" "), shownOf(row)]),
  );

async function prepare(name: string, events: string, features: object) {
  const out = join(made, name);
  const fields = { user: [{ name: "user", column: "user" }], context };
  const summary = await prepareEvents({
    events,
    out,
    memory: "1GB",
    features: { columns, split, fields, ...features },
  });
  return { out, summary };
}

/** Samples in the words of the log: user, item, label, minute, history. What training does not know is null. */
async function samplesOf(out: string) {
  const dataset = await openDataset(out);
  const { sequences, itemFields } = dataset;
  const { item: items, user: users } = await loadVocabularies(out);
  const itemOf = (row: number) => items[itemFields[0][row]];
  return SPLITS.map((split) => {
    const samples = dataset[split];
    return Array.from({ length: samples.count }, (_, i) => {
      const end = sequences.offsets[samples.sequence[i]] + samples.position[i];
      const history = [...sequences.items.subarray(end - samples.length[i], end)].map(itemOf);
      return [users[samples.user[0][i]], itemOf(samples.item[i]), samples.label[i], history];
    });
  });
}

/** What `samplesOf` should give, by hand. */
function expectedOf(rows: readonly Given[], maxHistory: number) {
  const minutes = [9, 11];
  const part = (minute: number) => minutes.filter((from) => minute >= from).length;
  const train = rows.filter(({ minute }) => part(minute) === 0);
  const known = new Set(
    train.flatMap(({ history, candidates }) => [...history.slice(-maxHistory), ...candidates.map(([item]) => item)]),
  );
  const users = new Set(train.map(({ user }) => user));
  const itemOf = (item: string) => (known.has(item) ? item : null);
  return SPLITS.map((_, s) =>
    rows
      .filter(({ minute }) => part(minute) === s)
      .flatMap(({ user, history, candidates }) =>
        candidates.map(([item, label]) => [
          users.has(user) ? user : null,
          itemOf(item),
          label,
          history.slice(-maxHistory).map(itemOf),
        ]),
      ),
  );
}

const sorted = (splits: readonly (readonly unknown[])[]) =>
  splits.map((samples) => samples.map((sample) => JSON.stringify(sample)).sort());

const GIVEN = {
  impressions: { list: { column: "impressions", label: "-" } },
  history: { column: "history" },
};

describe("given histories", () => {
  test("are those of the samples of their rows, whatever the log says besides", async () => {
    const { out, summary } = await prepare("mind", write(".csv", mind(ROWS)), GIVEN);
    expect(sorted(await samplesOf(out))).toEqual(sorted(expectedOf(ROWS, 100)));
    expect(summary).toMatchObject({ users: 2, train: 8, valid: 2, test: 2, warnings: [] });
    const { givenHistories, counts } = await readManifest(out);
    expect(givenHistories).toBe(true);
    // Three of one user, of which one is in train and test alike, and two of the other.
    expect(counts).toMatchObject({ users: 2, sequences: 4, behaviours: 6, trainingBehaviours: 6 });
    const { leaks, histories, splits } = await inspectDataset(out);
    expect([leaks.later, leaks.equal, leaks.disorder.count]).toEqual([[], [], 0]);
    expect(histories.map(({ max }) => max)).toEqual([3, 3, 0, 2]);
    expect(splits.map(({ users }) => users)).toEqual([2, 1, 1]);
  });

  test("hold the latest so many, and what training learns from is that of its rows", { timeout: 60_000 }, async () => {
    const item = fc.integer({ min: 0, max: 12 }).map((n) => `N${n}`);
    const row = fc.record({
      user: fc.constantFrom("U1", "U2", "U3"),
      minute: fc.integer({ min: 0, max: 14 }),
      history: fc.array(item, { maxLength: 5 }),
      candidates: fc.uniqueArray(fc.tuple(item, fc.constantFrom<0 | 1>(0, 1)), {
        minLength: 1,
        maxLength: 4,
        selector: ([name]) => name,
      }),
    });
    const logs = fc
      .uniqueArray(row, { maxLength: 8, selector: ({ user, minute }) => `${user} ${minute}` })
      .map((rows) => [
        ...ROWS,
        ...rows.filter(({ user, minute }) => !ROWS.some((other) => other.user === user && other.minute === minute)),
      ]);
    let made = 0;
    await fc.assert(
      fc.asyncProperty(logs, async (rows) => {
        const behaviours = { max_history: 3 };
        const { out } = await prepare(`given-${made++}`, write(".csv", mind(rows)), { ...GIVEN, behaviours });
        expect(sorted(await samplesOf(out))).toEqual(sorted(expectedOf(rows, 3)));
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });

  test("of one user beyond all others are warned of, however many there are", async () => {
    const rows = Array.from({ length: 80 }, (_, i): Given => {
      const history = Array.from({ length: 5 }, (_, place) => `N${(i * place) % 97}`);
      return { user: i % 2 ? "guest" : `U${i}`, minute: i, history, candidates: [[`N${i % 9}`, i % 3 ? 0 : 1]] };
    });
    const split = { valid: 0.1, test: 0.1 };
    const { summary } = await prepare("guest", write(".csv", mind(rows)), { ...GIVEN, split });
    expect(summary.warnings).toEqual([expect.stringMatching(/^user "guest" has 200 of 400 behaviours/)]);
  });

  test("may come with rows of one item", async () => {
    const rows = ROWS.flatMap(({ candidates, ...rest }) =>
      candidates.map(([item, label]) => ({ ...rest, item, label })),
    );
    const path = write(
      ".ndjson",
      rows
        .map(
          ({ user, minute, history, item, label }) =>
            `${JSON.stringify({ user, time: timeOf(minute), history, item, label })}\n`,
        )
        .join(""),
    );
    const { out } = await prepare("rows", path, {
      columns: { ...columns, item: "item", label: "label" },
      history: { column: "history", separator: "^" },
    });
    expect(sorted(await samplesOf(out))).toEqual(sorted(expectedOf(ROWS, 100)));
  });
});

describe("lists of candidates", () => {
  const shown = { user: "u", time: timeOf(0) };
  const load1 = async (row: object, list: object) => {
    const path = write(".ndjson", `${JSON.stringify({ ...shown, ...row })}\n`);
    const candidates = { column: "list", separator: " ", ...list };
    const { table } = await load(path, { ...columns, candidates, fields: [] }, { skipBadRows: false });
    return (table[0][2] as object[]).map((one) => Object.values(one));
  };

  it.each([
    [
      { list: "N1-1 N2-0" },
      { label: "-" },
      [
        ["N1", 1],
        ["N2", 0],
      ],
    ],
    [
      { list: "a-b-1  c" },
      { label: "-" },
      [
        ["a-b", 1],
        ["c", null],
      ],
    ],
    [
      { list: "a:1|b:0" },
      { label: ":", separator: "|" },
      [
        ["a", 1],
        ["b", 0],
      ],
    ],
    [
      { list: [7, 8], y: [true, false] },
      { labels: "y" },
      [
        ["7", 1],
        ["8", 0],
      ],
    ],
    [
      { list: "7,8", y: "0,1" },
      { labels: "y", separator: "," },
      [
        ["7", 0],
        ["8", 1],
      ],
    ],
    [
      { list: [7, 8, 9], hit: [8] },
      { clicked: "hit" },
      [
        ["7", 0],
        ["8", 1],
        ["9", 0],
      ],
    ],
    [{ list: [7], hit: null }, { clicked: "hit" }, [["7", 0]]],
  ])("of %j by %j are %j", async (row, list, expected) => {
    expect(await load1(row, list)).toEqual(expected);
  });

  it.each([
    [{ list: "N1-1 N2-x" }, { label: "-" }],
    [{ list: "" }, { label: "-" }],
    [{ list: [1, 2], y: [1] }, { labels: "y" }],
    [{ list: [1, null], y: [1, 0] }, { labels: "y" }],
    [{ list: [1, 2], hit: [3] }, { clicked: "hit" }],
  ])("of %j by %j are a bad row", async (row, list) => {
    await expect(load1(row, list)).rejects.toThrow(
      /row 1: column list.*: expected items with " " between them, or a JSON array/,
    );
  });

  test("without given histories, what was clicked is the history of what comes later", async () => {
    const { out } = await prepare("listed", write(".csv", mind(ROWS)), { impressions: GIVEN.impressions });
    const [, , testSamples] = await samplesOf(out);
    expect(testSamples[0][3]).toEqual(["N3", "N6", "N5"]);
    expect((await readManifest(out)).givenHistories).toBe(false);
  });
});

describe("lists and what else a row has", () => {
  test("its weight is that of each of its samples, and of a row without labels there may be none", async () => {
    const log = csv(
      ["user", "time", "list", "w"],
      [
        ["u", timeOf(0), "N1-1 N2-0", "0.5"],
        ["u", timeOf(1), "N1 N2", ""],
        ["u", timeOf(2), "N1-1 N2", ""],
      ],
    );
    const path = write(".csv", log);
    const candidates = { column: "list", separator: " ", label: "-" };
    const found = await load(path, { ...columns, candidates, weight: "w", fields: [] }, { skipBadRows: true });
    expect(found.rows).toBe(2);
    expect(found.examples).toEqual([`${path}: row 3: column w: expected a weight, 0 or more, found nothing`]);
    const weighted = ROWS.map((row, i) => `${[row.user, timeOf(row.minute), shownOf(row), i + 1].join(",")}\n`);
    const { out } = await prepare("weighed", write(".csv", `user,time,impressions,w\n${weighted.join("")}`), {
      columns: { ...columns, weight: "w" },
      impressions: GIVEN.impressions,
    });
    const { train, test: last } = await openDataset(out);
    expect([new Set(train.weight).size, [...last.weight!]]).toEqual([4, [1, 1]]);
  });

  test("a text that means nothing is no item", async () => {
    const rows = [
      ["NA", "N1-1"],
      ["N1", "NA"],
      ["NA N2 NA N3", "N1-1"],
      ['[7,"NA"]', "N1-1"],
    ];
    const log = csv(
      ["user", "time", "history", "list"],
      rows.map((row, i) => ["u", timeOf(i), ...row]),
    );
    const candidates = { column: "list", separator: " ", label: "-" };
    const history = { column: "history", separator: " " };
    const options = { missing: ["NA"], skipBadRows: true };
    const found = await load(write(".csv", log), { ...columns, candidates, history, fields: [] }, options);
    expect(found.skipped).toBe(1);
    expect(found.table.map((row) => row.at(-1))).toEqual([[], ["N2", "N3"], ["7"]]);
  });

  test.each([
    [{ history: { column: "histroy", separator: " " } }, "histroy"],
    [{ candidates: { column: "list", separator: " ", clicked: "clikced" } }, "clikced"],
  ])("a column that JSON lines do not have is not taken for an empty one: %j", async (given, absent) => {
    const path = write(
      ".ndjson",
      `${JSON.stringify({ user: "u", time: timeOf(0), list: [1], history: [2], clicked: [1] })}\n`,
    );
    const list = { column: "list", separator: " ", clicked: "clicked" };
    await expect(load(path, { ...columns, candidates: list, fields: [], ...given })).rejects.toThrow(
      `${path}: there is no column ${absent}, only clicked, history, list, time, user`,
    );
  });
});

const rowsOf = { columns, impressions: GIVEN.impressions, fields: {} };
test.each([
  [
    { ...rowsOf, columns: { ...columns, item: "i" } },
    "columns.item: impressions.list says which items and labels there are",
  ],
  [
    { ...rowsOf, impressions: { list: { column: "x" } } },
    'impressions.list: expected one of label (a sign before each label), labels (a column) and clicked (a column), found {"column":"x","separator":" "}',
  ],
  [
    { ...rowsOf, fields: { item: ["price"] } },
    "fields.item: price: with impressions.list it comes from a table of items",
  ],
  [
    { ...rowsOf, history: "h", behaviours: { window_days: 3 } },
    "behaviours.window_days: histories are given (history), without times",
  ],
  [
    { columns: { ...columns, item: "i" }, history: "h", fields: {} },
    "history: it is of labelled rows: columns.label or impressions.list",
  ],
  [{ columns, fields: {} }, "columns.item is missing: expected the name of a column"],
])("refuses %j", (given, message) => {
  expect(() => resolveFeatures(given, { users: false, items: false }, "f.yaml")).toThrow(`f.yaml: ${message}`);
});

test("a log of behaviours has columns of its own beside lists", () => {
  const resolve = (behaviours: object) =>
    resolveFeatures({ ...rowsOf, behaviours }, { behaviours: true, users: false, items: false }, "f.yaml");
  expect(() => resolve({})).toThrow("f.yaml: behaviours.columns: they have one item a row, and impressions.list has");
  expect(resolve({ columns: { ...columns, item: "i" } }).behaviours.columns.item).toBe("i");
});
