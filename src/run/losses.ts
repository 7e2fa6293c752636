/** Losses by name, as the files and events of a run have them: `{"target": 0.66, "auxiliary": 1.31}`. */
import { z } from "zod";

export const lossesSchema = z.record(z.string(), z.number());

/** Mean losses without their weights, in the order in which the model was recorded. */
export type Losses = Readonly<Record<string, number>>;

/** A loss of a model: its name, and its factor in the total that training minimises. */
export interface LossTerm {
  readonly name: string;
  readonly weight: number;
}

/** Mean losses and their weighted sum, which training minimises. */
export const measuredSchema = z.object({ losses: lossesSchema, total_loss: z.number() });

export type MeasuredLosses = Readonly<z.output<typeof measuredSchema>>;
