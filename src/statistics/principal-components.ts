/** Principal component analysis (Pearson 1901): points projected to the plane in which they vary most. */
import { PCA } from "ml-pca";

export interface Projection {
  /** The points in two dimensions, in the order given. */
  readonly points: readonly (readonly [number, number])[];
  /** Fraction of the variance along each of the two. */
  readonly explained: readonly [number, number];
}

/** Loadings whose sizes differ by less than this fraction count as equal: the order of the points must not matter. */
const EQUAL = 1e-9;

/**
 * Projects points [n, d] to their first two principal components. The data do not determine the sign of a
 * component; here its largest loading by size (the first of equal ones) is positive, so the same points always give the
 * same picture.
 */
export function project(points: readonly (readonly number[])[]): Projection {
  const pca = new PCA(points.map((point) => [...point]));
  const loadings = pca.getLoadings().to2DArray();
  const signs = [0, 1].map((c) => {
    const loading = loadings[c] ?? [];
    const largest = Math.max(0, ...loading.map(Math.abs));
    const first = loading.find((value) => Math.abs(value) >= largest * (1 - EQUAL)) ?? 0;
    return first < 0 ? -1 : 1;
  });
  const projected = pca.predict(
    points.map((point) => [...point]),
    { nComponents: Math.min(2, loadings.length) },
  );
  const explained = pca.getExplainedVariance();
  return {
    points: projected.to2DArray().map(([x, y = 0]) => [signs[0] * x, signs[1] * y] as const),
    explained: [explained[0] ?? 0, explained[1] ?? 0],
  };
}
