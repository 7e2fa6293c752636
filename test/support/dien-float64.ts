/**
 * DIEN in float64 for one sample, from the equations of the paper and the files of a run: slow, and sharing no code with
 * the model that it checks. Default configuration: bilinear attention, AUGRU in the paper's form, PReLU.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readTensorFile } from "../../src/run/safetensors-file.ts";

type Vector = number[];

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const dot = (a: Vector, b: Vector) => a.reduce((sum, x, i) => sum + x * b[i], 0);

interface Sample {
  readonly user: string;
  readonly hour: string;
  readonly candidate: string;
  readonly history: readonly string[];
}

/** Score, attention [T] and evolving states [T, H] of a sample by the model of a run on the small dataset. */
export async function dienInFloat64(run: string, { user, hour, candidate, history }: Sample) {
  const { tensors } = await readTensorFile(join(run, "model", "weights.safetensors"));
  const { vocabularies, catalogue } = JSON.parse(readFileSync(join(run, "model", "model.json"), "utf8"));
  const row = (name: string, at: number): Vector => {
    const { shape, data } = tensors.get(name)!;
    return [...data.subarray(at * shape[1], (at + 1) * shape[1])];
  };
  /** x W */
  const times = (x: Vector, name: string): Vector => {
    const [rows, cols] = tensors.get(name)!.shape;
    const W = Array.from({ length: rows }, (_, i) => row(name, i));
    return Array.from({ length: cols }, (_, j) => x.reduce((sum, xi, i) => sum + xi * W[i][j], 0));
  };
  const plus = (a: Vector, b: Vector) => a.map((x, i) => x + b[i]);
  const embed = (field: string, value: string) => row(`embedding.${field}`, vocabularies[field].indexOf(value));
  const item = (value: string) =>
    ["item", "category"].flatMap((field, f) =>
      row(`embedding.${field}`, catalogue.ids[f][catalogue.values.indexOf(value)]),
    );

  /** The states of a GRU over `xs`; with `attention`, of an AUGRU. */
  const recur = (name: string, xs: Vector[], attention?: Vector): Vector[] => {
    const H = tensors.get(`${name}.U`)!.shape[0];
    let h: Vector = new Array(H).fill(0);
    return xs.map((x, t) => {
      const input = plus(times(x, `${name}.W`), row(`${name}.b`, 0));
      const recurrent = times(h, `${name}.U`);
      h = h.map((before, j) => {
        const update = sigmoid(input[j] + recurrent[j]);
        const reset = sigmoid(input[H + j] + recurrent[H + j]);
        const proposed = Math.tanh(input[2 * H + j] + reset * recurrent[2 * H + j]);
        const move = attention ? attention[t] * update : update;
        return (1 - move) * before + move * proposed;
      });
      return h;
    });
  };

  const x = item(candidate);
  const behaviours = history.map(item);
  const interests = recur("extractor", behaviours);
  const exponentials = interests.map((h) => Math.exp(dot(times(h, "attention.W"), x)));
  const total = exponentials.reduce((sum, e) => sum + e, 0);
  const attention = exponentials.map((e) => e / total);
  const states = recur("evolution", interests, attention);

  const sum = behaviours.reduce(plus);
  const parts = [embed("user", user), x, sum, x.map((xi, i) => xi * sum[i]), states.at(-1)!, embed("hour", hour)];
  let y = parts.flat();
  for (const layer of [0, 1, 2]) {
    y = plus(times(y, `mlp.${layer}.W`), row(`mlp.${layer}.b`, 0));
    if (layer < 2) y = y.map((value, i) => (value > 0 ? value : row(`mlp.${layer}.slope`, 0)[i] * value));
  }
  return { score: sigmoid(y[0]), attention, states };
}
