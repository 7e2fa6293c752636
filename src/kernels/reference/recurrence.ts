/** The recurrent step in its four gate forms, and its gradient. */
import { Gate, type Kernels } from "../contract.ts";
import { sigmoid } from "./sigmoid.ts";
import type { Views } from "./views.ts";

type Recurrence = Pick<Kernels, "gruForward" | "gruStep" | "gruBackward">;

/** How far the state moves towards the candidate. */
function move(gate: Gate, u: number, a: number): number {
  if (gate === Gate.gru) return u;
  if (gate === Gate.agru) return a;
  if (gate === Gate.augruPaper) return a * u;
  return 1 - (1 - a) * (1 - u);
}

/** Derivative of `move` by u. */
function moveByUpdate(gate: Gate, a: number): number {
  if (gate === Gate.gru) return 1;
  if (gate === Gate.agru) return 0;
  return gate === Gate.augruPaper ? a : 1 - a;
}

/** Derivative of `move` by a, for the gates that have it. */
function moveByAttention(gate: Gate, u: number): number {
  if (gate === Gate.agru) return 1;
  return gate === Gate.augruPaper ? u : 1 - u;
}

export function recurrence({ f32, i32 }: Views): Recurrence {
  return {
    gruForward(rows, hidden, gate, gates, recurrent, previous, attention, next) {
      for (let i = 0; i < rows; i++) {
        const a = attention ? f32[attention / 4 + i] : 0;
        for (let j = 0; j < hidden; j++) {
          const at = gates / 4 + i * 3 * hidden + j;
          const u = sigmoid(f32[at]);
          const r = sigmoid(f32[at + hidden]);
          const c = Math.tanh(f32[at + 2 * hidden] + r * f32[recurrent / 4 + i * hidden + j]);
          const h = previous ? f32[previous / 4 + i * hidden + j] : 0;
          const moved = move(gate, u, a);
          f32[at] = u;
          f32[at + hidden] = r;
          f32[at + 2 * hidden] = c;
          f32[next / 4 + i * hidden + j] = (1 - moved) * h + moved * c;
        }
      }
    },

    gruStep(rows, hidden, gate, input, reference, U, previous, attention, next) {
      const h = new Float64Array(hidden);
      for (let i = 0; i < rows; i++) {
        const a = attention ? f32[attention / 4 + i] : 0;
        for (let k = 0; k < hidden; k++) h[k] = previous ? f32[previous / 4 + i * hidden + k] : 0;
        const at = input / 4 + (reference ? i32[reference / 4 + i] : i) * 3 * hidden;
        const product = (column: number) => {
          let sum = 0;
          for (let k = 0; k < hidden; k++) sum += h[k] * f32[U / 4 + k * 3 * hidden + column];
          return sum;
        };
        for (let j = 0; j < hidden; j++) {
          const u = sigmoid(f32[at + j] + product(j));
          const r = sigmoid(f32[at + hidden + j] + product(hidden + j));
          const c = Math.tanh(f32[at + 2 * hidden + j] + r * product(2 * hidden + j));
          const moved = move(gate, u, a);
          f32[next / 4 + i * hidden + j] = (1 - moved) * h[j] + moved * c;
        }
      }
    },

    gruBackward(rows, hidden, gate, gates, recurrent, previous, attention, dNext, dPrevious, dAttention) {
      for (let i = 0; i < rows; i++) {
        const a = attention ? f32[attention / 4 + i] : 0;
        let da = 0;
        for (let j = 0; j < hidden; j++) {
          const at = gates / 4 + i * 3 * hidden + j;
          const u = f32[at];
          const r = f32[at + hidden];
          const c = f32[at + 2 * hidden];
          const product = f32[recurrent / 4 + i * hidden + j];
          const h = previous ? f32[previous / 4 + i * hidden + j] : 0;
          const dh = f32[dNext / 4 + i * hidden + j];
          const moved = move(gate, u, a);
          const dMove = dh * (c - h);
          const dc = dh * moved * (1 - c * c);
          if (gate !== Gate.gru) da += dMove * moveByAttention(gate, u);
          f32[at] = dMove * moveByUpdate(gate, a) * u * (1 - u);
          f32[at + hidden] = dc * product * r * (1 - r);
          f32[at + 2 * hidden] = dc;
          f32[recurrent / 4 + i * hidden + j] = dc * r;
          if (dPrevious) f32[dPrevious / 4 + i * hidden + j] = dh * (1 - moved);
        }
        if (dAttention) f32[dAttention / 4 + i] = da;
      }
    },
  };
}
