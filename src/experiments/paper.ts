/**
 * AUC as the paper prints it (Zhou et al. 2019, https://arxiv.org/abs/1809.03672, tables 2 and 4): mean and standard
 * deviation over five runs on Amazon Electronics and Books. Kept as numbers to stand beside ours, not to be reached: the
 * data is another.
 */

/** Mean and standard deviation by dataset. */
export interface PaperRow {
  readonly electronics: readonly [number, number];
  readonly books: readonly [number, number];
}

/** By the name of the variant. */
export const paperAuc: Readonly<Record<string, PaperRow>> = {
  base: { electronics: [0.7435, 0.00128], books: [0.7686, 0.00253] },
  "wide-deep": { electronics: [0.7456, 0.00127], books: [0.7735, 0.00051] },
  pnn: { electronics: [0.7543, 0.00101], books: [0.7799, 0.00181] },
  din: { electronics: [0.7603, 0.00028], books: [0.788, 0.00216] },
  "gru-attention": { electronics: [0.7605, 0.00059], books: [0.789, 0.00268] },
  aigru: { electronics: [0.7606, 0.00061], books: [0.7892, 0.00222] },
  // The figure for Books repeats the two-layer GRU's to the last digit in the paper.
  agru: { electronics: [0.7628, 0.00015], books: [0.789, 0.00268] },
  augru: { electronics: [0.764, 0.00073], books: [0.7911, 0.0015] },
  dien: { electronics: [0.7792, 0.00243], books: [0.8453, 0.00476] },
};
