/** The dashboard, the alerts and the page of the documentation know the metrics that there are, and no others. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Family, scrapeOfEverything } from "./watched.ts";

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}
interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

const dashboard = JSON.parse(readFileSync("docs/serving/grafana-dashboard.json", "utf8"));
const panels = (dashboard.panels as Panel[]).filter(({ type }) => type !== "row");
const { groups } = parse(readFileSync("docs/serving/alerts.yaml", "utf8")) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

const queries = [
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }): [string, string] => [title, expr])),
  ...rules.map(({ alert, expr }): [string, string] => [alert, expr]),
];

/** What Prometheus adds to every sample. */
const TARGET = ["instance", "job"];
const WORDS = ["and", "or", "unless", "offset", "bool", "by", "without"];

/** Metrics of a query, each with the labels that it is asked for by; and the labels that results are put together by. */
function readQuery(expr: string): { metrics: Map<string, string[]>; by: string[] } {
  const by = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels]) => labels.split(", "));
  const rest = expr.replaceAll(/\s*\bby \([^)]*\)\s*/g, "").replaceAll(/\[[^\]]*\]/g, "");
  const metrics = new Map<string, string[]>();
  for (const [, name, matchers = ""] of rest.matchAll(/(?<![\w.$"|])([a-zA-Z_:][\w:]*)\b(?!\()(?:\{([^}]*)\})?/g)) {
    if (WORDS.includes(name) || isQuoted(rest, name)) continue;
    const labels = [...matchers.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label]) => label);
    metrics.set(name, [...(metrics.get(name) ?? []), ...labels]);
  }
  return { metrics, by };
}

/** Whether a word stands in the value of a matcher alone. */
const isQuoted = (expr: string, word: string) => !expr.replaceAll(/"[^"]*"/g, "").includes(word);

let families: ReadonlyMap<string, Family>;
beforeAll(async () => {
  ({ families } = await scrapeOfEverything());
});

const familyOf = (name: string) => families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ""));

/** Labels of a metric that has samples. */
const labelsOf = (name: string) => new Set(familyOf(name)?.samples.flatMap(({ labels }) => Object.keys(labels)));

it("a query is read as metrics and labels", () => {
  const { metrics, by } = readQuery(
    'sum by (le, a) (rate(x_bucket{b=~"y|z",c!="d"}[5m])) / (x_count offset 1d) or vector(0)',
  );
  expect([...metrics]).toEqual([
    ["x_bucket", ["b", "c"]],
    ["x_count", []],
  ]);
  expect(by).toEqual(["le", "a"]);
});

describe("queries", () => {
  it.each(queries)("%s: %s", (_, expr) => {
    const { metrics, by } = readQuery(expr);
    expect(metrics.size).toBeGreaterThan(0);
    for (const [name, labels] of metrics) {
      const family = familyOf(name);
      expect(family, name).toBeDefined();
      const isPart = /_(bucket|sum|count)$/.test(name);
      expect(isPart, `${name} of a ${family!.type}`).toBe(family!.type === "histogram");
      if (family!.samples.length === 0) continue;
      expect([...labelsOf(name), ...TARGET], name).toEqual(expect.arrayContaining(labels));
    }
    const families = [...metrics.keys()].map(familyOf);
    if (families.every((family) => family!.samples.length > 0)) {
      expect([...metrics.keys()].flatMap((name) => [...labelsOf(name)]).concat(TARGET)).toEqual(
        expect.arrayContaining(by),
      );
    }
    for (const [, inner] of expr.matchAll(/\b(?:rate|increase)\((\w+)/g)) {
      expect(["counter", "histogram"], inner).toContain(familyOf(inner)!.type);
    }
  });
});

it("the dashboard shows every metric of ours, each panel once", () => {
  const shown = queries.flatMap(([, expr]) => [...readQuery(expr).metrics.keys()].map((name) => familyOf(name)));
  const ours = [...families].filter(([name]) => name.startsWith("dien_"));
  expect(ours.filter(([, family]) => !shown.includes(family)).map(([name]) => name)).toEqual([]);
  const ids = (dashboard.panels as { id: number }[]).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
});

it.each(rules)("alert $alert says who it is about by labels that its query leaves", ({ expr, labels, annotations }) => {
  expect(["page", "ticket"]).toContain(labels.severity);
  const { metrics, by } = readQuery(expr);
  const left = by.length > 0 ? by : [...TARGET, ...[...metrics.keys()].flatMap((name) => [...labelsOf(name)])];
  const named = Object.values(annotations).flatMap((text) => [...text.matchAll(/\$labels\.(\w+)/g)]);
  expect(left).toEqual(expect.arrayContaining(named.map(([, label]) => label)));
  const mentioned = Object.values(annotations).flatMap((text) => text.match(/\bdien_\w+/g) ?? []);
  expect(mentioned.filter((name) => familyOf(name) === undefined)).toEqual([]);
});

it("docs/serving.md names every metric of ours, and no other", () => {
  const text = readFileSync("docs/serving.md", "utf8");
  const named = new Set([...text.matchAll(/`(dien_\w+)/g)].map(([, name]) => name));
  expect([...named].sort()).toEqual([...families.keys()].filter((name) => name.startsWith("dien_")).sort());
});
