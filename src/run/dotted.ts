/** Settings by dotted key ("model.auxiliary.weight") and the tree they stand for. */

export type Tree = Record<string, unknown>;

/** Sets a dotted key, making the mappings on the way. */
export function assign(tree: Tree, key: string, value: unknown): void {
  const path = key.split(".");
  const last = path.pop()!;
  let node = tree;
  for (const step of path) {
    if (typeof node[step] !== "object" || node[step] === null) node[step] = {};
    node = node[step] as Tree;
  }
  node[last] = value;
}

/** Everything that is not a mapping itself, with its dotted key. */
export function* leaves(tree: object, prefix = ""): Generator<[key: string, value: unknown]> {
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) yield* leaves(value, `${prefix}${key}.`);
    else yield [`${prefix}${key}`, value];
  }
}
