/**
 * Answers of the Open Inference Protocol (https://github.com/kserve/open-inference-protocol, of KServe and Triton). Its
 * paths have bodies and errors of their own.
 */
import { z } from "zod";

/** Whether a path belongs to the protocol. */
export function isInference(path: string): boolean {
  return /^\/v2(?:\/|$)/.test(path);
}

export const inferenceRefusal = z
  .strictObject({ error: z.string().describe("for people") })
  .meta({ id: "InferenceError" });
export type InferenceRefusal = z.output<typeof inferenceRefusal>;

const name = z.string().describe("of the model");

export const serverAnswer = z
  .strictObject({
    name: z.literal("dien"),
    version: z.string(),
    extensions: z.array(z.string()).describe("`binary_tensor_data`: tensors come and go as bytes too"),
  })
  .meta({ id: "InferenceServer" });

export const serverLiveAnswer = z.strictObject({ live: z.literal(true) }).meta({ id: "InferenceLive" });
export const serverReadyAnswer = z.strictObject({ ready: z.literal(true) }).meta({ id: "InferenceReady" });

export const modelParameters = z.object({ model: name });
export const versionParameters = z.object({ model: name, version: z.string().describe("SHA-256 of its weights") });

export const modelReadyAnswer = z.strictObject({ name, ready: z.literal(true) }).meta({ id: "InferenceModelReady" });

const shape = z.array(z.int());
const tensorHead = z.strictObject({
  name: z.string(),
  datatype: z.string(),
  shape: shape.describe("-1: as many as there are samples, or 1"),
});

export const modelAnswer = z
  .strictObject({
    name,
    versions: z.array(z.string()).describe("the one that answers: SHA-256 of its weights"),
    platform: z.literal("dien"),
    inputs: z.array(tensorHead),
    outputs: z.array(tensorHead),
  })
  .meta({ id: "InferenceModel" });

export const inferenceAnswer = z
  .strictObject({
    model_name: z.string(),
    model_version: z.string().describe("SHA-256 of the weights that scored"),
    id: z.string().describe("of the request").optional(),
    outputs: z.array(
      z.strictObject({
        name: z.literal("probability"),
        datatype: z.literal("FP32"),
        shape,
        data: z.array(z.number().min(0).max(1)).describe("of a click, a sample each"),
      }),
    ),
  })
  .meta({ id: "InferenceAnswer" });
