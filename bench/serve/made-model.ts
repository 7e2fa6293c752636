/** DIEN in its default size with random weights, as a model that takes raw requests; and requests for it. */
import { Workspace } from "../../src/engine/workspace.ts";
import type { Kernels } from "../../src/kernels/contract.ts";
import type { Engine } from "../../src/kernels/load.ts";
import { resolveConfig } from "../../src/run/config.ts";
import type { ModelDescription } from "../../src/run/model-description.ts";
import type { RankRequest } from "../../src/scoring/request.ts";
import { RequestModel } from "../../src/scoring/request-model.ts";
import { Random } from "../../src/tensor/random.ts";

const SIZES = { users: 20_000, items: 20_000, categories: 500 };

/** Keys of so many ids; id 0 is the unknown. */
const keys = (letter: string, count: number) => [null, ...Array.from({ length: count }, (_, i) => `${letter}${i + 1}`)];
const category = { kind: "category" } as const;

/** A model whose histories hold up to `maxHistory` behaviours; `wrap` may replace its kernels. */
export function madeModel(
  maxHistory: number,
  engine: Engine = "wasm",
  wrap: (kernels: Kernels) => Kernels = (kernels) => kernels,
): RequestModel {
  const random = new Random(maxHistory);
  const items = keys("i", SIZES.items);
  const schema: ModelDescription["schema"] = {
    user: [{ name: "user", size: SIZES.users + 1 }],
    item: [
      { name: "item", size: items.length },
      { name: "category", size: SIZES.categories + 1 },
    ],
    context: [],
    maxHistory,
  };
  const config = resolveConfig({ model: { name: "dien" } });
  const description: ModelDescription = {
    schema,
    config,
    dataset: "",
    window: null,
    utcOffset: 0,
    timeFormat: null,
    transforms: { user: category, item: category, category },
    vocabularies: {
      user: keys("u", SIZES.users),
      item: items,
      category: keys("c", SIZES.categories),
    },
    catalogue: {
      values: items,
      ids: [items.map((_, row) => row), items.map((_, row) => (row === 0 ? 0 : 1 + random.integer(SIZES.categories)))],
    },
  };
  const workspace = new Workspace({ schema, config, training: false, requests: true, engine, threads: 1 });
  workspace.parameters.initialise(workspace.memory, 1);
  // Before anything records a model with them.
  (workspace as { kernels: Kernels }).kernels = wrap(workspace.kernels);
  return new RequestModel(description, workspace);
}

/** A request number `seed`: a user, and items that the model knows. */
export function madeRequest(seed: number, candidates: number, behaviours: number): RankRequest {
  const random = new Random(seed);
  const item = () => `i${1 + random.integer(SIZES.items)}`;
  const list = (length: number) => Array.from({ length }, item);
  return { user: `u${1 + random.integer(SIZES.users)}`, candidates: list(candidates), history: list(behaviours) };
}
