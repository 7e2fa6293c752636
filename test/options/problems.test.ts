/** What schemas refuse is said in plain English: which key, what was expected, what was found. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { manifestSchema } from "../../src/dataset/manifest.ts";
import { UserError } from "../../src/errors/failure.ts";
import { amazonOptions } from "../../src/importers/amazon/options.ts";
import { models } from "../../src/models/registry.ts";
import { describe as describeSchema, expectedAt } from "../../src/options/expected.ts";
import { memorySize } from "../../src/options/pieces.ts";
import { checkOptions, problemsOf, whatIsWrong } from "../../src/options/problems.ts";
import { resolveConfig, runSchema } from "../../src/run/config.ts";
import { predictRequestSchema } from "../../src/scoring/request.ts";

describe("what a schema expects", () => {
  it.each<[string, z.ZodType]>([
    ["a whole number", z.int()],
    ["a whole number, at least 3", z.int().min(3)],
    ["a whole number, at least 1", z.int().positive()],
    ["a whole number, at most 4", z.int().lt(5)],
    ["a whole number, -2 to 5", z.int().min(-2).max(5)],
    ["a whole number, 0 to 2147483647", z.int32().nonnegative()],
    ["a number", z.number()],
    ["a number, above 0", z.number().positive()],
    ["a number, above 0 and at most 1", z.number().positive().max(1)],
    ["a number, at least 0 and below 0.5", z.number().min(0).lt(0.5)],
    ["a number, 0 to 1", z.number().min(0).max(1)],
    ["true or false", z.boolean()],
    ["one of paper, temporal", z.enum(["paper", "temporal"])],
    ['"dien-model"', z.literal("dien-model")],
    ["a text", z.string().min(1)],
    ["a text that matches ^[a-z]+$", z.string().regex(/^[a-z]+$/)],
    ["a list", z.array(z.int())],
    ["a list of 1 or more", z.array(z.int()).min(1)],
    ["a list of 2", z.tuple([z.int(), z.int()])],
    ["keys and their values", z.record(z.string(), z.int())],
    ["a whole number, at least 1 or null", z.int().positive().nullable()],
    ["a text or a number", z.union([z.string(), z.number()])],
    ["a value", z.unknown()],
  ])("%s", (expected, schema) => {
    expect(expectedAt(describeSchema(schema), [])).toBe(expected);
    expect(expectedAt(describeSchema(z.object({ a: schema.optional() })), ["a"])).toBe(expected);
  });
});

const kinds = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("number"), edges: z.array(z.number()) }),
  z.strictObject({ kind: z.literal("hour"), offset: z.int().min(-840) }),
]);

describe("problems", () => {
  it.each<[string, z.ZodType, unknown]>([
    ["a: expected a whole number, at least 1, found 0", z.object({ a: z.int().min(1) }), { a: 0 }],
    ['a.b: expected a number, found "1"', z.object({ a: z.object({ b: z.number() }) }), { a: { b: "1" } }],
    ["a.1: expected a text, found null", z.object({ a: z.array(z.string()) }), { a: ["x", null] }],
    ["a.1: expected true or false, found 2", z.object({ a: z.tuple([z.int(), z.boolean()]) }), { a: [1, 2] }],
    ["a: expected a list of 2, found [1]", z.object({ a: z.tuple([z.int(), z.int()]) }), { a: [1] }],
    ["a.x: expected a number, found []", z.object({ a: z.record(z.string(), z.number()) }), { a: { x: [] } }],
    ["a: expected a number, found NaN", z.object({ a: z.number() }), { a: Number.NaN }],
    ["a: expected a number, found a function", z.object({ a: z.number() }), { a: () => 1 }],
    ["a: expected a number, found a bigint", z.object({ a: z.number() }), { a: 1n }],
    ["a is missing: expected a text", z.object({ a: z.string() }), {}],
    ["a is missing: expected a text", z.object({ a: z.string() }).meta({ id: "Named" }), {}],
    ["a is empty", z.object({ a: z.string().min(1) }), { a: "" }],
    ["the document is missing: expected keys and their values", z.object({}), undefined],
    ["the document: expected keys and their values, found []", z.object({}), []],
    ["a: an item has no time", z.object({ a: z.int().refine(() => false, "an item has no time") }), { a: 1 }],
    ["a: expected a name, found 5", z.object({ a: z.string("expected a name") }), { a: 5 }],
    ["a.edges.0: expected a number, found true", z.object({ a: kinds }), { a: { kind: "number", edges: [true] } }],
    [
      "a.offset: expected a whole number, at least -840, found -900",
      z.object({ a: kinds }),
      { a: { kind: "hour", offset: -900 } },
    ],
    ['a.kind: expected "number" or "hour", found "day"', z.object({ a: kinds }), { a: { kind: "day" } }],
    ['a.kind is missing: expected "number" or "hour"', z.object({ a: kinds }), { a: {} }],
    ["unknown key 'sed'; did you mean 'seed'?", z.strictObject({ seed: z.int() }), { sed: 1, seed: 1 }],
    [
      "unknown key 'a.sed'; did you mean 'a.seed'?",
      z.object({ a: z.strictObject({ seed: z.int().optional() }) }),
      { a: { sed: 1 } },
    ],
    [
      "unknown key 'seed'; did you mean 'a.seed'?",
      z.strictObject({ a: z.strictObject({ seed: z.int() }).optional() }),
      { seed: 1 },
    ],
    ["unknown key 'zzz'", z.strictObject({ seed: z.int() }), { zzz: 1, seed: 1 }],
    [
      "unknown key 'sed'; did you mean 'seed'?; a: expected a text, found 1; seed is missing: expected a whole number",
      z.strictObject({ a: z.string(), seed: z.int() }),
      { a: 1, sed: 1 },
    ],
  ])("%s", (expected, schema, value) => {
    expect(whatIsWrong(schema, value)).toBe(expected);
  });

  it("cut what is long, and count what is much", () => {
    const long = whatIsWrong(z.number(), "x".repeat(1000));
    expect(long).toBe(`the document: expected a number, found "${"x".repeat(59)}...`);
    const many = whatIsWrong(z.array(z.number()), new Array(20).fill("x"));
    expect(many).toMatch(/^0: expected .*; 7: expected a number, found "x"; and 12 more$/);
  });

  it("are none where the schema takes the value, with its defaults", () => {
    expect(whatIsWrong(amazonOptions, { reviews: "r", meta: "m", out: "o" })).toBe("");
    expect(checkOptions("it", amazonOptions, { reviews: "r", meta: "m", out: "o" })).toEqual({
      reviews: "r",
      meta: "m",
      out: "o",
      protocol: "paper",
      negatives: "strict",
      maxHistory: 100,
      seed: 0,
    });
  });

  /** Schemas that people's files and calls meet. */
  const schemas: Readonly<Record<string, z.ZodType>> = {
    "dataset.json": manifestSchema,
    "a request": predictRequestSchema,
    "options of an importer": amazonOptions,
    "a configuration": runSchema(models.get("dien")!),
  };
  const shapes = Object.values(schemas).flatMap((schema) => Object.keys(describeSchema(schema).properties ?? {}));

  it.each(Object.keys(schemas))("of %s are ours in words, name a key, and are found wherever zod finds one", (name) => {
    const values = fc.dictionary(fc.oneof(fc.constantFrom(...shapes), fc.string()), fc.anything());
    fc.assert(
      fc.property(values, (value) => {
        const problems = problemsOf(schemas[name], value);
        const { error } = schemas[name].safeParse(value);
        expect(problems.length > 0).toBe(error !== undefined);
        for (const { kind, message } of problems) {
          expect(message).not.toMatch(/Invalid|Unrecognized|Too (?:small|big)|received|undefined/);
          if (kind === "wrong") expect(message).toMatch(/^expected .+, found .+/s);
          if (kind === "missing") expect(message).toMatch(/^expected ./);
        }
      }),
    );
  });
});

describe("a size of memory", () => {
  it("is a number of bytes, or a text with a unit", () => {
    const parse = (given: unknown) => memorySize.parse(given);
    expect(["512MB", "2GB", "0.5 gb", " 128mb ", 2 ** 30, "268435456", "262144KB"].map(parse)).toEqual([
      ...[2 ** 29, 2 ** 31, 2 ** 29, 2 ** 27, 2 ** 30],
      ...[2 ** 28, 2 ** 28],
    ]);
  });

  it.each([["127MB"], ["2"], ["2TB"], [""], [1000], [2 ** 27 + 0.5], [null]])("is not %j", (given) => {
    expect(whatIsWrong(z.object({ memory: memorySize }), { memory: given })).toBe(
      `memory: expected a size like "512MB" or "2GB", at least 128MB, found ${JSON.stringify(given)}`,
    );
  });
});

describe("resolveConfig", () => {
  it.each<[unknown, string]>([
    [
      { model: { name: "dein" } },
      "unknown model 'dein', expected one of base, wide-deep, pnn, din, gru-attention, dien; did you mean 'din'?",
    ],
    [
      { model: { name: "dien", evolutoin: "gru" } },
      "configuration: unknown key 'model.evolutoin'; did you mean 'model.evolution'?",
    ],
    [
      { model: { name: "dien" }, train: { epoch: 3 } },
      "configuration: unknown key 'train.epoch'; did you mean 'train.epochs'?",
    ],
    [{ model: { name: "dien" }, epochs: 3 }, "configuration: unknown key 'epochs'; did you mean 'train.epochs'?"],
    [
      { model: { name: "dien" }, train: { seed: "7" } },
      'configuration: train.seed: expected a whole number, 0 to 2147483647, found "7"',
    ],
    [
      { model: { name: "dien", evolution: "lstm" } },
      'configuration: model.evolution: expected one of gru, aigru, agru, augru, found "lstm"',
    ],
    [
      { model: { name: "dien", head: { layers: [8, 0] } } },
      "configuration: model.head.layers.1: expected a whole number, 1 to 4096, found 0",
    ],
    [
      { model: { name: "dien" }, train: { epochs: 0, patience: 0.5 } },
      "configuration: train.epochs: expected a whole number, 1 to 1000000, found 0; train.patience: expected a whole number, 1 to 1000000, found 0.5",
    ],
  ])("refuses %j", (input, message) => {
    let refusal: unknown;
    try {
      resolveConfig(input);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(UserError);
    expect((refusal as UserError).message).toBe(message);
  });
});
