/** What a run that went on from another one's model took over from it; kept in its model.json and its summary. */
import { z } from "zod";

const count = z.int().min(0);

export const warmStartSchema = z.object({
  /** The folder of the other run, as it was given, and the weights that it had in the end. */
  run: z.string(),
  weights_sha256: z.string(),
  /** Per field that has a vocabulary. */
  fields: z.array(
    z.object({
      name: z.string(),
      /** Values of the other run's vocabulary that this one's has too: their rows were taken over. */
      known: count,
      /** Values that only this run's has: their rows are fresh. */
      new: count,
      /** Values that only the other run's had. */
      gone: count,
    }),
  ),
});
export type WarmStart = z.output<typeof warmStartSchema>;
