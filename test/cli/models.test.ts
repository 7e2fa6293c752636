import { describe, expect, it } from "vitest";
import { modelCost } from "../../src/engine/cost.ts";
import { models } from "../../src/models/registry.ts";
import { resolveConfig } from "../../src/run/config.ts";
import { dien } from "./harness.ts";

const schema = {
  user: [{ name: "user", size: 50 }],
  item: [{ name: "item", size: 1234 }],
  context: [{ name: "hour", size: 24 }],
  maxHistory: 100,
};
let opened: string | undefined;
const jobs = {
  readShape: async (folder: string) => {
    opened = folder;
    return { schema, meanHistory: 2 + 2 / 3 };
  },
};

describe("models", () => {
  it("lists every model in the order of the registry, with what it is, its paper and its cost", async () => {
    const { code, stdout, stderr } = await dien(["models"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    let at = 0;
    for (const { name, summary, paper } of models.values()) {
      const next = stdout.indexOf(`${name.padEnd(15)}${summary}\n${" ".repeat(15)}${paper.citation}\n`, at);
      expect(next, name).toBeGreaterThanOrEqual(at);
      at = next;
      expect(stdout).toMatch(new RegExp(`^${name} +[\\d,]+ +[\\d,]+ +[\\d,]+ +[\\d,]+$`, "m"));
    }
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(140);
  });

  it("says that it counts for Amazon Books of the paper where no dataset is given", async () => {
    const { stdout } = await dien(["models"]);
    expect(stdout).toContain("a history of 20 behaviours, of Amazon Books as in table 1 of the DIEN paper.\n");
    expect(stdout).toContain("user 603,669, item 367,983, category 1,601.\n");
  });

  it("counts for the fields and the mean history of a dataset", async () => {
    const { code, stdout } = await dien(["models", "--data", "d"], { jobs });
    expect({ code, opened }).toEqual({ code: 0, opened: "d" });
    expect(stdout).toContain("a history of 3 behaviours, of d.\n");
    expect(stdout).toContain("user 50, item 1,234, hour 24.\n");
  });

  it("gives the same as JSON, variants by what --set takes", async () => {
    const document = JSON.parse((await dien(["models", "--data", "d", "--json"], { jobs })).stdout);
    expect(document).toMatchObject({ of: "d", schema, history: 3 });
    const plain = document.models.filter(({ set }: { set?: string }) => set === undefined);
    expect(plain.map(({ name }: { name: string }) => name)).toEqual([...models.keys()]);
    for (const { name, summary, paper, ...costs } of plain) {
      const model = models.get(name)!;
      expect({ summary, paper }).toEqual({ summary: model.summary, paper: model.paper });
      expect(costs).toEqual(modelCost(schema, resolveConfig({ model: { name } }), 3));
    }
    const row = (set: string) => document.models.find((entry: { set?: string }) => entry.set === set);
    expect(row("model.evolution=gru")).toEqual({
      ...plain.find(({ name }: { name: string }) => name === "dien"),
      ...modelCost(schema, resolveConfig({ model: { name: "dien", evolution: "gru" } }), 3),
      set: "model.evolution=gru",
    });
    expect(document.models.map(({ set }: { set?: string }) => set).filter(Boolean)).toEqual([
      "model.product=inner",
      "model.product=outer",
      "model.evolution=gru",
      "model.evolution=aigru",
      "model.evolution=agru",
      "model.evolution=augru",
      "model.auxiliary.weight=0",
      "model.auxiliary.form=mlp",
    ]);
  });
});
