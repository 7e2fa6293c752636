/**
 * What the routes say of themselves, as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1). Its schemas are the
 * JSON Schemas that zod derives from those that requests are checked with. A schema with an `id` stands there once.
 */
import { z } from "zod";
import { type Code, entryOf } from "../errors/catalogue/catalogue.ts";
import { TIMEOUT_HEADER } from "./answering.ts";
import { inferenceRefusal, isInference } from "./inference/protocol.ts";
import type { Limits } from "./limits.ts";
import { refusalSchema } from "./refusal.ts";
import type { AnyRoute, TextRoute } from "./route.ts";

type Json = Record<string, unknown>;

/** As far as the page of the documentation reads it. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly maxItems?: number;
  readonly $ref?: string;
}

interface Content {
  readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>;
}

export interface DocumentedRoute {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security?: readonly Json[];
  readonly parameters: readonly Json[];
  readonly requestBody?: Content & { readonly required: true };
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>;
}

export interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly Json[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedRoute>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>>; readonly securitySchemes?: Json };
}

/** What may happen to any request; to one with a body; where there is a token. */
const ALWAYS: readonly Code[] = ["serving.wrong-header", "serving.late", "system.defect"];
const WITH_PARAMETERS: readonly Code[] = ["request.invalid"];
const WITH_BODY: readonly Code[] = [
  ...WITH_PARAMETERS,
  ...(["serving.not-json", "serving.too-large", "serving.too-many", "serving.wrong-type"] as const),
];
const WITH_TOKEN: readonly Code[] = ["serving.unauthorized"];
const WITH_QUEUE: readonly Code[] = ["serving.overloaded"];

export interface OpenApiOptions {
  readonly version: string;
  readonly limits: Limits;
  readonly hasToken: boolean;
}

export class OpenApi {
  readonly #routes: AnyRoute[] = [];
  readonly #texts: TextRoute[] = [];
  readonly #options: OpenApiOptions;

  constructor(options: OpenApiOptions) {
    this.#options = options;
  }

  /** Of the server. */
  get version(): string {
    return this.#options.version;
  }

  add(route: AnyRoute): void {
    this.#routes.push(route);
  }

  addText(route: TextRoute): void {
    this.#texts.push(route);
  }

  document(): Document {
    const { version, hasToken } = this.#options;
    const paths: Record<string, Record<string, DocumentedRoute>> = {};
    const schemas: Record<string, JsonSchema> = {};
    for (const route of this.#routes) {
      paths[route.path] ??= {};
      paths[route.path][route.method] = this.#operation(route);
      if (route.body) schemas[nameOf(route.body)] = this.#bodySchema(route);
      schemas[nameOf(refusalOf(route.path))] = schemaOf(refusalOf(route.path), "output");
      schemas[nameOf(route.answer)] = answerSchema(route);
    }
    for (const route of this.#texts) paths[route.path] = { get: this.#textOperation(route) };
    const groups = [...this.#routes, ...this.#texts].map(({ group }) => group);
    return {
      openapi: "3.1.0",
      info: { title: "dien", version, description: "Scores of candidates for users, by a trained model." },
      servers: [{ url: "/" }],
      tags: [...new Set(groups)].map((name) => ({ name })),
      paths,
      components: {
        schemas,
        ...(hasToken ? { securitySchemes: { token: { type: "http", scheme: "bearer" } } } : {}),
      },
    };
  }

  #operation(route: AnyRoute): DocumentedRoute {
    const { hasToken } = this.#options;
    const { body, answer } = route;
    return {
      operationId: route.name,
      tags: [route.group],
      summary: route.summary,
      ...(route.description === undefined ? {} : { description: route.description }),
      ...(hasToken ? { security: route.open ? [] : [{ token: [] }] } : {}),
      parameters: parametersOf(route),
      ...(body ? { requestBody: { required: true, content: jsonOf(nameOf(body)) } } : {}),
      responses: {
        200: { description: "Done.", content: jsonOf(nameOf(answer)) },
        ...this.#refusals(route),
      },
    };
  }

  #textOperation({ name, group, summary, type, path }: TextRoute): DocumentedRoute {
    const { hasToken } = this.#options;
    const schema = { type: type.startsWith("application/json") ? "object" : "string" };
    return {
      ...{ operationId: name, tags: [group], summary },
      ...(hasToken ? { security: [{ token: [] }] } : {}),
      parameters: parametersOf({}),
      responses: {
        200: { description: "Done.", content: { [type]: { schema } } },
        ...refusalsOf([...ALWAYS, ...(hasToken ? WITH_TOKEN : [])], path),
      },
    };
  }

  #refusals(route: AnyRoute): DocumentedRoute["responses"] {
    const { params, query, body, open, refusals = [] } = route;
    const codes = [
      ...ALWAYS,
      ...(params || query ? WITH_PARAMETERS : []),
      ...(body ? WITH_BODY : []),
      ...(open ? [] : WITH_QUEUE),
      ...(this.#options.hasToken && !open ? WITH_TOKEN : []),
      ...refusals,
    ];
    return refusalsOf(codes, route.path);
  }

  /** The schema of a body, with the limits of its lists. */
  #bodySchema({ body, most = {} }: AnyRoute): JsonSchema {
    const schema = schemaOf(body, "input");
    const lists = Object.entries(most).map(([key, limit]) => [
      key,
      { ...schema.properties?.[key], maxItems: this.#options.limits[limit] },
    ]);
    return { ...schema, properties: { ...schema.properties, ...Object.fromEntries(lists) } };
  }
}

/** Answers by status, each with the errors that have it. */
function refusalsOf(codes: readonly Code[], path: string): DocumentedRoute["responses"] {
  const statuses = new Set(codes.map((code) => entryOf(code).status));
  return Object.fromEntries(
    [...statuses].sort().map((status) => {
      const of = [...new Set(codes)].filter((code) => entryOf(code).status === status);
      const description = of.map((code) => `\`${code}\`: ${entryOf(code).meaning}`).join("\n\n");
      return [status, { description, content: jsonOf(nameOf(refusalOf(path))) }];
    }),
  );
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema, $ref, $defs, ...bare } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  const { id, ...rest } = $defs?.[nameOf(schema)] ?? bare;
  return rest as JsonSchema;
}

function answerSchema({ path, answer }: AnyRoute): JsonSchema {
  const schema = schemaOf(answer, "output");
  if (isInference(path)) return schema;
  const { properties, required = [], ...rest } = schema;
  const request_id: JsonSchema = { type: "string", description: "as in the header `x-request-id`" };
  return { ...rest, properties: { ...properties, request_id }, required: [...required, "request_id"] };
}

const refusalOf = (path: string) => (isInference(path) ? inferenceRefusal : refusalSchema);

/** The name of a schema, which is its `id`. */
function nameOf(schema: z.ZodType): string {
  return String(schema.meta()?.id);
}

const jsonOf = (name: string) => ({ "application/json": { schema: { $ref: `#/components/schemas/${name}` } } });

function parametersOf({ params, query }: Pick<AnyRoute, "params" | "query">): Json[] {
  const placed = (schema: z.ZodObject | undefined, where: "path" | "query"): Json[] => {
    if (schema === undefined) return [];
    const { properties = {}, required = [] } = schemaOf(schema, "input");
    return Object.entries(properties).map(([name, { description, ...rest }]) => {
      return { name, in: where, required: required.includes(name), description, schema: rest };
    });
  };
  const headers: Json[] = [
    {
      name: TIMEOUT_HEADER,
      in: "header",
      required: false,
      description: "Milliseconds that the client waits for an answer.",
      schema: { type: "string", pattern: "^[1-9][0-9]{0,8}$" },
    },
  ];
  return [...placed(params, "path"), ...placed(query, "query"), ...headers];
}
