/** The documentation of the routes as a page for people: no script, nothing from elsewhere. */
import { page } from "../report/page.ts";
import type { ReportBlock } from "../report/report.ts";
import type { Document, DocumentedRoute, JsonSchema } from "./openapi.ts";

/** The page of an OpenAPI document. */
export function pageOf({ info, tags, paths, components }: Document): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const groups = tags.flatMap(({ name }): ReportBlock[] => {
    const rows = operations
      .filter(({ operation }) => operation.tags.includes(name))
      .map(({ path, method, operation }) => [`\`${method} ${path}\``, operation.summary, ...sidesOf(operation)]);
    const head = ["route", "what it gives", "body", "answer", "errors"];
    return [
      { kind: "heading", text: name[0].toUpperCase() + name.slice(1) },
      { kind: "table", name: `group-${name}`, caption: "", head, rows },
    ];
  });
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]): ReportBlock => ({
      kind: "table",
      name,
      caption: `\`${name}\``,
      head: ["key", "what stands there", "meaning"],
      rows: keysOf(schema),
    }),
  );
  const report = {
    name: "routes",
    title: `${info.title} ${info.version}`,
    lead: info.description,
    data: {},
    commands: [],
  };
  const blocks: ReportBlock[] = [...groups, { kind: "heading", text: "Bodies and answers" }, ...schemas];
  return page({ ...report, blocks }, { alone: true });
}

/** Body, answer and statuses of errors: names of schemas, or the type of what is no JSON. */
function sidesOf({ requestBody, responses }: DocumentedRoute): string[] {
  const { 200: answer, ...refusals } = responses;
  const nameOf = (side: { content: DocumentedRoute["responses"][string]["content"] } | undefined) => {
    const [[type, { schema }] = ["", { schema: {} }]] = Object.entries(side?.content ?? {});
    const name = schema.$ref?.split("/").at(-1) ?? type;
    return name === "" ? "" : `\`${name}\``;
  };
  return [nameOf(requestBody), nameOf(answer), Object.keys(refusals).join(", ")];
}

/** A line for each key, those inside of others by dotted path. */
function keysOf({ properties = {}, required = [] }: JsonSchema, place = ""): string[][] {
  return Object.entries(properties).flatMap(([key, inside]) => {
    const path = `${place}${key}`;
    const { description = "" } = inside;
    const rest = inside.type === "array" ? keysOf(inside.items ?? {}, `${path}[].`) : keysOf(inside, `${path}.`);
    return [[`\`${path}\``, `${kindOf(inside)}${required.includes(key) ? "" : ", optional"}`, description], ...rest];
  });
}

function kindOf({ type, anyOf, items, const: constant, enum: choices, maxItems }: JsonSchema): string {
  if (constant !== undefined) return `\`${JSON.stringify(constant)}\``;
  if (choices !== undefined) return `one of ${choices.map((choice) => `\`${choice}\``).join(", ")}`;
  if (anyOf !== undefined) return anyOf.map(kindOf).join(" or ");
  if (type !== "array") return [type ?? "any value"].flat().join(" or ");
  const most = maxItems === undefined ? "" : `, at most ${maxItems}`;
  return `list of ${kindOf(items ?? {})}${most}`;
}
