/** Layers against the golden vectors: outputs and every gradient, to 1e-4 relative (float32 against float64). */
import { describe, expect, it } from "vitest";
import { dice } from "../../src/autograd/activations.ts";
import { crossEntropy } from "../../src/autograd/loss.ts";
import type { GateName } from "../../src/autograd/operation.ts";
import { recurrent } from "../../src/autograd/recurrent.ts";
import { following, preceding, scaleSteps } from "../../src/autograd/steps.ts";
import type { Tensor } from "../../src/autograd/values.ts";
import { attentionWeights, bilinearScores, mlpScores, projectQuery } from "../../src/nn/attention.ts";
import { auxiliaryLoss } from "../../src/nn/auxiliary.ts";
import { recurrentParameters } from "../../src/nn/gru.ts";
import { type GoldenArray, readGolden } from "../support/golden.ts";
import { input, relativeError, seedGradient, Workbench } from "../support/workbench.ts";

const TOLERANCE = 1e-4;
const close = (actual: ArrayLike<number>, expected: GoldenArray, what: string) =>
  expect(relativeError(actual, expected.data), what).toBeLessThan(TOLERANCE);

const gates: Record<string, GateName> = {
  gru: "gru",
  aigru: "gru",
  agru: "agru",
  augru: "augruPaper",
  "augru-released": "augruReleased",
};

describe("recurrence", () => {
  for (const kind of Object.keys(gates)) {
    for (const size of ["small", "paper"]) {
      it(`${kind} at ${size} sizes`, () => {
        const { inputs, outputs, gradients } = readGolden(`${kind}-${size}`);
        const { lengths, x, W, U, b, attention, output_weight: weight, last_weight: lastWeight } = inputs;
        const hidden = U.shape[0];
        let t: { x: Tensor; a?: Tensor; states: Tensor; last: Tensor };
        let bench: Workbench;
        bench = new Workbench(lengths, ({ tape, packed }) => {
          const xs = input(tape, packed.tokens, x.shape[2], () => bench.pack(x));
          const a = attention && input(tape, packed.tokens, 1, () => bench.pack(attention));
          const parameters = recurrentParameters(tape, "cell", x.shape[2], hidden);
          const fed = kind === "aigru" ? scaleSteps(tape, packed, a!, xs) : xs;
          const out = recurrent(
            tape,
            packed,
            fed,
            parameters,
            ["states", "last"],
            gates[kind],
            kind === "aigru" ? undefined : a,
          );
          seedGradient(tape, out.states, () => bench.pack(weight));
          seedGradient(tape, out.last, () => bench.sortRows(lastWeight));
          t = { x: xs, ...(a && { a }), ...out };
        });
        bench.setParameters({ "cell.W": W, "cell.U": U, "cell.b": b });
        bench.forward();
        close(bench.unpack(t!.states.value, outputs.states), outputs.states, "states");
        close(bench.unsortRows(t!.last.value, hidden), outputs.last, "last");
        bench.tape.backward();
        close(bench.unpack(t!.x.grad, x), gradients.x, "dx");
        close(bench.gradient("cell.W"), gradients.W, "dW");
        close(bench.gradient("cell.U"), gradients.U, "dU");
        close(bench.gradient("cell.b"), gradients.b, "db");
        if (attention) close(bench.unpack(t!.a!.grad, attention), gradients.attention, "da");
      });
    }
  }
});

describe("attention", () => {
  it("bilinear", () => {
    const { inputs, outputs, gradients } = readGolden("attention-bilinear");
    const { lengths, states, target, W, attention_weight: weight } = inputs;
    let t: { h: Tensor; e: Tensor; a: Tensor };
    let bench: Workbench;
    bench = new Workbench(lengths, ({ tape, packed }) => {
      const h = input(tape, packed.tokens, states.shape[2], () => bench.pack(states));
      const e = input(tape, packed.samples, target.shape[1], () => bench.sortRows(target));
      const a = attentionWeights(tape, packed, "attention", bilinearScores(tape, packed, "attention", h, e), "softmax");
      seedGradient(tape, a, () => bench.pack(weight));
      t = { h, e, a };
    });
    bench.setParameters({ "attention.W": W });
    bench.forward();
    close(bench.unpack(t!.a.value, outputs.attention), outputs.attention, "attention");
    bench.tape.backward();
    close(bench.unpack(t!.h.grad, states), gradients.states, "dh");
    close(bench.unsortRows(t!.e.grad, target.shape[1]), gradients.target, "de");
    close(bench.gradient("attention.W"), gradients.W, "dW");
  });

  it("mlp", () => {
    const { inputs, outputs, gradients } = readGolden("attention-mlp");
    const { lengths, states, target, attention_weight: weight } = inputs;
    let t: { h: Tensor; e: Tensor; a: Tensor };
    let bench: Workbench;
    const hidden = [inputs.b1.shape[0], inputs.b2.shape[0]] as const;
    bench = new Workbench(lengths, ({ tape, packed }) => {
      const h = input(tape, packed.tokens, states.shape[2], () => bench.pack(states));
      const e = input(tape, packed.samples, target.shape[1], () => bench.sortRows(target));
      const q = projectQuery(tape, "query", e, states.shape[2]);
      const scores = mlpScores(tape, packed, "attention", h, q, hidden);
      const a = attentionWeights(tape, packed, "attention", scores, "softmax");
      seedGradient(tape, a, () => bench.pack(weight));
      t = { h, e, a };
    });
    const names = {
      "query.W": "Wq",
      "query.b": "bq",
      "query.slope": "slope",
      "attention.0.W": "W1",
      "attention.0.b": "b1",
      "attention.1.W": "W2",
      "attention.1.b": "b2",
      "attention.2.W": "W3",
      "attention.2.b": "b3",
    };
    bench.setParameters(Object.fromEntries(Object.entries(names).map(([name, key]) => [name, inputs[key]])));
    bench.forward();
    close(bench.unpack(t!.a.value, outputs.attention), outputs.attention, "attention");
    bench.tape.backward();
    close(bench.unpack(t!.h.grad, states), gradients.states, "dh");
    close(bench.unsortRows(t!.e.grad, target.shape[1]), gradients.target, "de");
    // Softmax does not see the last bias: its gradient is 0 but for rounding.
    for (const [name, key] of Object.entries(names)) close(bench.gradient(name), gradients[key], name);
  });
});

describe("auxiliary loss", () => {
  for (const form of ["dot", "mlp"] as const) {
    it(form, () => {
      const { inputs, loss, gradients } = readGolden(`auxiliary-${form}`);
      const { lengths, states, clicked, negative } = inputs;
      const width = states.shape[2];
      let t: { h: Tensor; e: Tensor; n: Tensor };
      let bench: Workbench;
      const hidden = [inputs.b1?.shape[0] ?? 1, inputs.b2?.shape[0] ?? 1] as const;
      bench = new Workbench(lengths, ({ tape, packed }) => {
        const h = input(tape, packed.tokens, width, () => bench.pack(states));
        const e = input(tape, packed.tokens, width, () => bench.pack(clicked));
        const n = input(tape, packed.tokens, width, () => bench.pack(negative));
        const pairs = {
          states: preceding(tape, packed, h),
          clicked: following(tape, packed, e),
          negative: following(tape, packed, n),
        };
        auxiliaryLoss(tape, "auxiliary", form, 1, pairs, hidden);
        t = { h, e, n };
      });
      const names = [0, 1, 2].flatMap((i) => [
        [`auxiliary.${i}.W`, `W${i + 1}`],
        [`auxiliary.${i}.b`, `b${i + 1}`],
      ]);
      if (form === "mlp") bench.setParameters(Object.fromEntries(names.map(([name, key]) => [name, inputs[key]])));
      bench.forward();
      expect(relativeError([bench.tape.losses[0].value], [loss])).toBeLessThan(TOLERANCE);
      bench.tape.backward();
      close(bench.unpack(t!.h.grad, states), gradients.states, "dh");
      close(bench.unpack(t!.e.grad, clicked), gradients.clicked, "de");
      close(bench.unpack(t!.n.grad, negative), gradients.negative, "dn");
      if (form === "mlp") for (const [name, key] of names) close(bench.gradient(name), gradients[key], name);
    });
  }
});

describe("activations and losses", () => {
  it("Dice with the moments of its batch", () => {
    const { inputs, outputs, gradients } = readGolden("dice-train");
    const [rows, cols] = inputs.x.shape;
    let t: { x: Tensor; y: Tensor };
    const bench = new Workbench(new Array(rows).fill(0), ({ tape, packed }) => {
      const x = input(tape, packed.samples, cols, () => inputs.x.data);
      const vector = (name: string, kind: "dense" | "statistic") =>
        tape.parameter(name, 1, cols, { kind: "constant", value: 0 }, kind);
      const parameters = {
        alpha: vector("alpha", "dense"),
        mean: vector("mean", "statistic"),
        variance: vector("variance", "statistic"),
      };
      const y = dice(tape, x, parameters);
      seedGradient(tape, y, () => inputs.output_weight.data);
      t = { x, y };
    });
    const zeros = { shape: [1, cols], data: new Array<number>(cols).fill(0) };
    bench.setParameters({ alpha: inputs.alpha, mean: zeros, variance: zeros });
    bench.forward();
    close(bench.read(t!.y.value, rows * cols), outputs.y, "y");
    bench.tape.backward();
    close(bench.read(t!.x.grad, rows * cols), gradients.x, "dx");
    close(bench.gradient("alpha"), gradients.alpha, "dalpha");
    close(bench.gradient("mean"), outputs.mean, "share of the running mean");
    close(bench.gradient("variance"), outputs.variance, "share of the running variance");
  });

  it("cross-entropy with logits", () => {
    const { inputs, loss, gradients } = readGolden("bce-with-logits");
    const count = inputs.logit.shape[0];
    let logit: Tensor;
    const bench = new Workbench(new Array(count).fill(0), ({ tape, packed }) => {
      logit = input(tape, packed.samples, 1, () => inputs.logit.data);
      const label = input(tape, packed.samples, 1, () => inputs.label.data);
      const labels = {
        name: "label",
        values: tape.memory.f32,
        get pointer() {
          return label.value;
        },
      };
      crossEntropy(tape, tape.loss("target", 1, "samples"), logit, labels);
    });
    bench.forward();
    expect(relativeError([bench.tape.losses[0].value], [loss])).toBeLessThan(TOLERANCE);
    bench.tape.backward();
    close(bench.read(logit!.grad, count), gradients.logit, "dlogit");
  });
});
