/** Principal component analysis (Pearson 1901): many-dimensional points seen from where they spread most. */
import { PCA } from "ml-pca";

export interface Projection {
  /** The points in two dimensions, in the order given. */
  readonly points: readonly (readonly [number, number])[];
  /** Share of the variance along each of the two. */
  readonly explained: readonly [number, number];
}

/**
 * Projects points [n, d] to their first two principal components. The sign of a component is not determined by the data;
 * here the loading that is largest in size is positive, so the same points always give the same picture.
 */
export function project(points: readonly (readonly number[])[]): Projection {
  const pca = new PCA(points.map((point) => [...point]));
  const loadings = pca.getLoadings().to2DArray();
  const signs = [0, 1].map((c) => {
    const loading = loadings[c] ?? [];
    const largest = loading.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
    return largest < 0 ? -1 : 1;
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
