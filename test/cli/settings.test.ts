import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { resolveSettings, type SettingSources } from "../../src/cli/settings.ts";
import { UserError } from "../../src/errors/failure.ts";
import { models } from "../../src/models/registry.ts";
import { configKeys, differingKey, type RunConfig } from "../../src/run/config.ts";

const keys = [...models.keys()].flatMap((name) => [...configKeys(name).keys()]);
const NOTHING: SettingSources = { flags: {}, set: [] };

/** The configuration, or undefined where it was refused in one line; anything else fails the test. */
function resolveOrRefuse(sources: Partial<SettingSources>): RunConfig | undefined {
  try {
    return resolveSettings({ ...NOTHING, ...sources });
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).not.toContain("\n");
    return undefined;
  }
}

/** Sections of a file that gives `entries` (dotted key, value) of model `name`. */
function sections(
  name: string,
  entries: readonly (readonly [string, unknown])[],
): Pick<SettingSources, "model" | "train"> {
  const tree: Record<string, Record<string, unknown>> = { model: { name }, train: {} };
  for (const [key, value] of entries) {
    const path = key.split(".");
    const last = path.pop()!;
    let node: Record<string, unknown> = tree;
    for (const step of path) {
      node[step] ??= {};
      node = node[step] as Record<string, unknown>;
    }
    node[last] = value;
  }
  return tree;
}

const value = fc.oneof(
  fc.anything(),
  fc.integer(),
  fc.double(),
  fc.constantFrom("paper", "agru", "dot", [8, 4], [], null),
);
/** A mapping would bring names of its own. */
const leaf = fc.oneof(
  value.filter((given) => typeof given !== "object" || given === null || Array.isArray(given)),
  fc.integer({ min: 1, max: 99 }),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.boolean(),
);

describe("settings", () => {
  it("resolve or are refused in one line, whatever the file's sections are", () => {
    fc.assert(fc.property(fc.anything(), fc.anything(), (model, train) => void resolveOrRefuse({ model, train })));
  });

  it("resolve or are refused in one line, whatever values the file gives the keys", () => {
    const sources = fc.constantFrom(...models.keys()).chain((name) => {
      const some = fc.subarray([...configKeys(name).keys()], { minLength: 1, maxLength: 2 });
      return some.chain((keys) =>
        fc.tuple(...keys.map((key) => fc.tuple(fc.constant(key), leaf))).map((entries) => sections(name, entries)),
      );
    });
    const seen = { resolved: 0, refused: 0 };
    fc.assert(
      fc.property(sources, (file) => {
        try {
          resolveSettings({ ...NOTHING, ...file });
          seen.resolved++;
        } catch (error) {
          expect(error).toMatchObject({ exitCode: 2 });
          // Sections and names are sound: only a value can be wrong.
          expect((error as Error).message).toMatch(/^configuration: [^\n]+$/);
          seen.refused++;
        }
      }),
    );
    expect(Math.min(seen.resolved, seen.refused)).toBeGreaterThan(0);
  });

  it("resolve or are refused in one line, whatever --set says", () => {
    const pair = fc.tuple(fc.oneof(fc.constantFrom(...keys), fc.string()), fc.oneof(fc.string(), value.map(String)));
    const pairs = fc.array(
      pair.map((parts) => parts.join("=")),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(fc.constantFrom(...models.keys()), pairs, (model, set) => void resolveOrRefuse({ model, set })),
    );
  });

  it("are taken as written: a resolved configuration resolves to itself, as does one key at a time", () => {
    for (const model of models.keys()) {
      const config = resolveSettings({ ...NOTHING, model });
      expect(resolveSettings({ ...NOTHING, ...config })).toEqual(config);
      for (const key of configKeys(model).keys()) {
        const stored = key.split(".").reduce<unknown>((node, step) => (node as Record<string, unknown>)[step], config);
        if (stored === undefined) continue;
        const set = [`${key}=${stringify(stored, { collectionStyle: "flow" }).trim()}`];
        expect(resolveSettings({ ...NOTHING, model, set })).toEqual(config);
      }
    }
  });

  it("do not change what they were given", () => {
    const model = { name: "dien", head: { layers: [8] } };
    const train = { epochs: 2 };
    resolveSettings({ model, train, flags: { "train.epochs": 5 }, set: ["model.head.layers=[4]"] });
    expect({ model, train }).toEqual({ model: { name: "dien", head: { layers: [8] } }, train: { epochs: 2 } });
  });

  it("differ by any key", () => {
    const config = resolveSettings(NOTHING);
    expect(differingKey(config, resolveSettings(NOTHING))).toBeUndefined();
    const layers = resolveSettings({ flags: {}, set: ["model.head.layers=[200,81]"] });
    expect(differingKey(config, layers)).toBe("model.head.layers");
    expect(differingKey(config, resolveSettings({ ...NOTHING, model: "base" }))).toBe("model.name");
  });
});
