/** What kernels are given beside sizes: places in memory, and choices. */

/** A byte offset into the linear memory; 0 is "absent". */
export type Pointer = number;

/** 1 adds to the output, 0 overwrites it. */
export type Accumulate = 0 | 1;

/** Activation that `gemm` applies to each finished element. */
export const Activation = { none: 0, sigmoid: 1 } as const;
export type Activation = (typeof Activation)[keyof typeof Activation];

/**
 * How attention a_t enters a recurrent step `h' = (1 - move) * h + move * c` (design: docs/decisions/0002):
 * gru            move = u
 * agru           move = a                        (paper, eq. 10: the update gate is replaced)
 * augruPaper     move = a * u                    (paper, eq. 11-12: the update gate is scaled)
 * augruReleased  move = 1 - (1 - a) * (1 - u)    (the code that the authors released: the keep gate is scaled)
 */
export const Gate = { gru: 0, agru: 1, augruPaper: 2, augruReleased: 3 } as const;
export type Gate = (typeof Gate)[keyof typeof Gate];
