/**
 * AUC, and gains online, as the paper prints them (Zhou et al. 2019, https://arxiv.org/abs/1809.03672). They stand beside our
 * results for orientation, not as targets: the data differ.
 */
import type { PublishedTable } from "../results/blocks.ts";

/** Tables 2 and 4: Amazon Electronics and Books, five runs. */
export const publicData: PublishedTable = {
  columns: ["paper: Electronics", "paper: Books"],
  auc: {
    base: [
      [0.7435, 0.00128],
      [0.7686, 0.00253],
    ],
    "wide-deep": [
      [0.7456, 0.00127],
      [0.7735, 0.00051],
    ],
    pnn: [
      [0.7543, 0.00101],
      [0.7799, 0.00181],
    ],
    din: [
      [0.7603, 0.00028],
      [0.788, 0.00216],
    ],
    "gru-attention": [
      [0.7605, 0.00059],
      [0.789, 0.00268],
    ],
    aigru: [
      [0.7606, 0.00061],
      [0.7892, 0.00222],
    ],
    // The paper prints the same figures for Books as for the two-layer GRU.
    agru: [
      [0.7628, 0.00015],
      [0.789, 0.00268],
    ],
    augru: [
      [0.764, 0.00073],
      [0.7911, 0.0015],
    ],
    dien: [
      [0.7792, 0.00243],
      [0.8453, 0.00476],
    ],
  },
};

/** Table 3: impressions of display advertising at Taobao. */
export const industrialData: PublishedTable = {
  columns: ["paper: industrial"],
  auc: {
    "deep-base": [[0.635, Number.NaN]],
    "deep-wide-deep": [[0.6362, Number.NaN]],
    "deep-pnn": [[0.6353, Number.NaN]],
    "deep-din": [[0.6428, Number.NaN]],
    "deep-gru-attention": [[0.6457, Number.NaN]],
    "deep-augru": [[0.6493, Number.NaN]],
    "deep-dien": [[0.6541, Number.NaN]],
  },
};

/** Table 5: gains over BaseModel online, in display advertising at Taobao. */
export const onlineData: Readonly<Record<string, Readonly<Record<"ctr" | "ppc" | "ecpm", number>>>> = {
  din: { ctr: 0.089, ppc: -0.02, ecpm: 0.067 },
  dien: { ctr: 0.207, ppc: -0.03, ecpm: 0.171 },
};
