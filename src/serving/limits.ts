/** How much a server takes. Each limit is an option of `dien serve` and of `createServer`. */
import { z } from "zod";
import { size } from "../options/pieces.ts";

export const limitOptions = z.strictObject({
  maxBody: size("1KB", "1GB").meta({ value: "size", description: "most of a request's body" }).prefault("1MB"),
  maxCandidates: z.int().min(1).max(1_000_000).describe("candidates of a request").default(1000),
  maxHistory: z.int().min(1).max(1_000_000).describe("behaviours that a request brings").default(10_000),
  maxEvents: z.int().min(1).max(1_000_000).describe("events of a request").default(1000),
  maxRequests: z.int().min(1).max(1_000_000).describe("requests that are answered at once").default(512),
  maxConnections: z.int().min(1).max(1_000_000).describe("connections that are open at once").default(1024),
  maxSeconds: z
    .number()
    .min(0.1)
    .max(3600)
    .describe("time a request may take to come, and again to be answered")
    .default(10),
});

export type Limits = Readonly<z.output<typeof limitOptions>>;
/** As they may be given. */
export type GivenLimits = Readonly<z.input<typeof limitOptions>>;
