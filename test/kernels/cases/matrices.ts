/** Products of matrices, and what is done to whole matrices and vectors of numbers. */
import fc from "fast-check";
import { Activation } from "../../../src/kernels/contract.ts";
import { type Cases, dense, exact, flag, gap, size, summed, target, tokens } from "./case.ts";

export const matrices: Cases<
  | "gemmNN"
  | "gemmNT"
  | "gemmTN"
  | "transpose"
  | "fill"
  | "copyRows"
  | "scale"
  | "multiply"
  | "rowDot"
  | "rowScale"
  | "columnSums"
> = {
  gemmNN(stage, draw) {
    const [m, n, k] = [draw(() => tokens), draw(() => size), draw(() => size)];
    const [lda, ldb, ldc] = [k + draw(() => gap), n + draw(() => gap), n + draw(() => gap)];
    const [accumulate, biased, sigmoid] = [draw(() => flag), draw(() => flag), draw(() => flag)];
    const a = stage.matrix(m, k, lda);
    const b = stage.matrix(k, n, ldb);
    const c = target(stage, m, n, ldc, accumulate);
    const bias = biased ? stage.matrix(1, n) : 0;
    const activation = sigmoid ? Activation.sigmoid : Activation.none;
    return {
      call: (kernels) => kernels.gemmNN(m, n, k, a, lda, b, ldb, c, ldc, bias, activation, accumulate),
      outputs: [dense(c, m, n, ldc)],
      tolerance: summed(k),
    };
  },

  gemmNT(stage, draw) {
    const [m, n, k] = [draw(() => tokens), draw(() => size), draw(() => size)];
    const [lda, ldb, ldc] = [k + draw(() => gap), k + draw(() => gap), n + draw(() => gap)];
    const accumulate = draw(() => flag);
    const a = stage.matrix(m, k, lda);
    const b = stage.matrix(n, k, ldb);
    const c = target(stage, m, n, ldc, accumulate);
    const scratch = Math.ceil(stage.room(k * n + 4) / 16) * 16;
    // The reference leaves the scratch alone; what a build leaves there is its own affair.
    const clean = (): void => void stage.f32.fill(Number.NaN, scratch / 4, scratch / 4 + k * n);
    return {
      call: (kernels) => {
        kernels.gemmNT(m, n, k, a, lda, b, ldb, c, ldc, accumulate, scratch);
        clean();
      },
      outputs: [dense(c, m, n, ldc)],
      tolerance: summed(k),
    };
  },

  gemmTN(stage, draw) {
    const [m, n, k] = [draw(() => size), draw(() => size), draw(() => tokens)];
    const [lda, ldb, ldc] = [m + draw(() => gap), n + draw(() => gap), n + draw(() => gap)];
    const accumulate = draw(() => flag);
    const a = stage.matrix(k, m, lda);
    const b = stage.matrix(k, n, ldb);
    const c = target(stage, m, n, ldc, accumulate);
    return {
      call: (kernels) => kernels.gemmTN(m, n, k, a, lda, b, ldb, c, ldc, accumulate),
      outputs: [dense(c, m, n, ldc)],
      tolerance: summed(k),
    };
  },

  transpose(stage, draw) {
    const [rows, cols] = [draw(() => size), draw(() => size)];
    const [ldx, ldo] = [cols + draw(() => gap), rows + draw(() => gap)];
    const x = stage.matrix(rows, cols, ldx);
    const out = stage.room(cols * ldo);
    return {
      call: (kernels) => kernels.transpose(rows, cols, x, ldx, out, ldo),
      outputs: [exact(out, cols, rows, ldo)],
    };
  },

  fill(stage, draw) {
    const count = draw(() => size);
    const out = stage.room(count);
    return { call: (kernels) => kernels.fill(count, out, 0.1), outputs: [dense(out, 1, count)] };
  },

  copyRows(stage, draw) {
    const [rows, cols, accumulate] = [draw(() => size), draw(() => size), draw(() => flag)];
    const [ldx, ldo] = [cols + draw(() => gap), cols + draw(() => gap)];
    const x = stage.matrix(rows, cols, ldx);
    const out = target(stage, rows, cols, ldo, accumulate);
    return {
      call: (kernels) => kernels.copyRows(rows, cols, x, ldx, out, ldo, accumulate),
      outputs: [dense(out, rows, cols, ldo)],
    };
  },

  scale(stage, draw) {
    const [count, accumulate, inPlace] = [draw(() => size), draw(() => flag), draw(() => flag)];
    const x = stage.matrix(1, count);
    const out = inPlace ? x : target(stage, 1, count, count, accumulate);
    return {
      call: (kernels) => kernels.scale(count, -0.3, x, out, accumulate),
      outputs: [dense(out, 1, count)],
    };
  },

  multiply(stage, draw) {
    const [rows, cols, accumulate] = [draw(() => size), draw(() => size), draw(() => flag)];
    const [lda, ldb, free] = [cols + draw(() => gap), cols + draw(() => gap), cols + draw(() => gap)];
    const a = stage.matrix(rows, cols, lda);
    const b = stage.matrix(rows, cols, ldb);
    const [out, ldo] = draw(() =>
      fc.constantFrom<"new" | "a" | "b">("new", "a", "b").map((place) => {
        if (place === "new") return [0, free];
        return place === "a" ? [a, lda] : [b, ldb];
      }),
    );
    const at = out || target(stage, rows, cols, ldo, accumulate);
    return {
      call: (kernels) => kernels.multiply(rows, cols, a, lda, b, ldb, at, ldo, accumulate),
      outputs: [dense(at, rows, cols, ldo)],
    };
  },

  rowDot(stage, draw) {
    const [rows, cols, accumulate] = [draw(() => size), draw(() => size), draw(() => flag)];
    const [lda, ldb] = [cols + draw(() => gap), cols + draw(() => gap)];
    const a = stage.matrix(rows, cols, lda);
    const b = stage.matrix(rows, cols, ldb);
    const out = target(stage, 1, rows, rows, accumulate);
    return {
      call: (kernels) => kernels.rowDot(rows, cols, a, lda, b, ldb, out, accumulate),
      outputs: [dense(out, 1, rows)],
      tolerance: summed(cols),
    };
  },

  rowScale(stage, draw) {
    const [rows, cols, accumulate, inPlace] = [draw(() => size), draw(() => size), draw(() => flag), draw(() => flag)];
    const ldx = cols + draw(() => gap);
    const ldo = inPlace ? ldx : cols + draw(() => gap);
    const x = stage.matrix(rows, cols, ldx);
    const weight = stage.matrix(1, rows);
    const out = inPlace ? x : target(stage, rows, cols, ldo, accumulate);
    return {
      call: (kernels) => kernels.rowScale(rows, cols, x, ldx, weight, out, ldo, accumulate),
      outputs: [dense(out, rows, cols, ldo)],
    };
  },

  columnSums(stage, draw) {
    const [rows, cols, accumulate] = [draw(() => size), draw(() => size), draw(() => flag)];
    const ldx = cols + draw(() => gap);
    const x = stage.matrix(rows, cols, ldx);
    const out = target(stage, 1, cols, cols, accumulate);
    return {
      call: (kernels) => kernels.columnSums(rows, cols, x, ldx, out, accumulate),
      outputs: [dense(out, 1, cols)],
      tolerance: summed(rows),
    };
  },
};
