/** PReLU, Dice and the column moments that Dice normalises by; the loss on logits. */
import type { Kernels } from "../contract.ts";
import { sigmoid } from "./sigmoid.ts";
import type { Views } from "./views.ts";

type Activations = Pick<
  Kernels,
  "preluForward" | "preluBackward" | "moments" | "diceForward" | "diceBackward" | "crossEntropy"
>;

export function activations({ f32 }: Views): Activations {
  return {
    preluForward(rows, cols, x, slope, y) {
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < cols; j++) {
          const value = f32[x / 4 + i * cols + j];
          f32[y / 4 + i * cols + j] = value > 0 ? value : f32[slope / 4 + j] * value;
        }
      }
    },

    preluBackward(rows, cols, x, slope, dy, dx, dSlope, accumulateSlope) {
      for (let j = 0; j < cols; j++) {
        let sum = accumulateSlope ? f32[dSlope / 4 + j] : 0;
        for (let i = 0; i < rows; i++) {
          const value = f32[x / 4 + i * cols + j];
          const gradient = f32[dy / 4 + i * cols + j];
          if (!(value > 0)) sum += value * gradient;
          f32[dx / 4 + i * cols + j] = value > 0 ? gradient : gradient * f32[slope / 4 + j];
        }
        f32[dSlope / 4 + j] = sum;
      }
    },

    moments(rows, cols, x, mean, variance) {
      for (let j = 0; j < cols; j++) {
        let sum = 0;
        for (let i = 0; i < rows; i++) sum += f32[x / 4 + i * cols + j];
        const centre = sum / rows;
        let squares = 0;
        for (let i = 0; i < rows; i++) squares += (f32[x / 4 + i * cols + j] - centre) ** 2;
        f32[mean / 4 + j] = centre;
        f32[variance / 4 + j] = squares / rows;
      }
    },

    diceForward(rows, cols, x, mean, variance, epsilon, alpha, y) {
      for (let j = 0; j < cols; j++) {
        const inverse = 1 / Math.sqrt(f32[variance / 4 + j] + epsilon);
        for (let i = 0; i < rows; i++) {
          const value = f32[x / 4 + i * cols + j];
          const p = sigmoid((value - f32[mean / 4 + j]) * inverse);
          f32[y / 4 + i * cols + j] = p * value + (1 - p) * f32[alpha / 4 + j] * value;
        }
      }
    },

    // With z = (x - mean) * inverse and dz = dy x (1 - alpha) p (1 - p), the gradient through z is that of batch
    // normalisation (Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167):
    // dx = dy (p + (1 - p) alpha) + inverse * (dz - mean(dz) - z mean(dz z)).
    diceBackward(rows, cols, x, mean, variance, epsilon, alpha, dy, dx, dAlpha, accumulateAlpha) {
      for (let j = 0; j < cols; j++) {
        const inverse = 1 / Math.sqrt(f32[variance / 4 + j] + epsilon);
        const slope = f32[alpha / 4 + j];
        const z = (i: number): number => (f32[x / 4 + i * cols + j] - f32[mean / 4 + j]) * inverse;
        const dz = (i: number): number => {
          const p = sigmoid(z(i));
          return f32[dy / 4 + i * cols + j] * f32[x / 4 + i * cols + j] * (1 - slope) * p * (1 - p);
        };
        let meanDz = 0;
        let meanDzZ = 0;
        let sumAlpha = accumulateAlpha ? f32[dAlpha / 4 + j] : 0;
        for (let i = 0; i < rows; i++) {
          meanDz += dz(i) / rows;
          meanDzZ += (dz(i) * z(i)) / rows;
          sumAlpha += f32[dy / 4 + i * cols + j] * (1 - sigmoid(z(i))) * f32[x / 4 + i * cols + j];
        }
        for (let i = 0; i < rows; i++) {
          const p = sigmoid(z(i));
          const direct = f32[dy / 4 + i * cols + j] * (p + (1 - p) * slope);
          f32[dx / 4 + i * cols + j] = direct + inverse * (dz(i) - meanDz - z(i) * meanDzZ);
        }
        f32[dAlpha / 4 + j] = sumAlpha;
      }
    },

    crossEntropy(count, logit, label, weight, gradient, factor) {
      let sum = 0;
      for (let i = 0; i < count; i++) {
        const z = f32[logit / 4 + i];
        const y = f32[label / 4 + i];
        const w = weight ? f32[weight / 4 + i] : 1;
        sum += w * (Math.log1p(Math.exp(-Math.abs(z))) + Math.max(z, 0) - z * y);
        if (gradient) f32[gradient / 4 + i] = factor * (sigmoid(z) - y) * w;
      }
      return sum;
    },
  };
}
