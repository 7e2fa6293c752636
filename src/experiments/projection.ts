/** Principal component analysis (Pearson 1901): many-dimensional points seen from where they spread most. */
import { PCA } from "ml-pca";

export interface Projection {
  /** The points in two dimensions, in the order given. */
  readonly points: readonly (readonly [number, number])[];
  /** Share of the variance along each of the two. */
  readonly explained: readonly [number, number];
}

/** Loadings that differ by less than this share are of one size: in which order points are added up must not matter. */
const ALIKE = 1e-9;

/**
 * Projects points [n, d] to their first two principal components. The sign of a component is not determined by the data;
 * here the loading that is largest in size, the first of them, is positive, so the same points always give the same picture.
 */
export function project(points: readonly (readonly number[])[]): Projection {
  const pca = new PCA(points.map((point) => [...point]));
  const loadings = pca.getLoadings().to2DArray();
  const signs = [0, 1].map((c) => {
    const loading = loadings[c] ?? [];
    const largest = Math.max(0, ...loading.map(Math.abs));
    const first = loading.find((value) => Math.abs(value) >= largest * (1 - ALIKE)) ?? 0;
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
