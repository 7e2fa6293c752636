/**
 * Requests and answers of the Open Inference Protocol as bodies: JSON, and behind it, where a header says how long the JSON
 * is, the bytes of tensors (https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md).
 */
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import type { HonoRequest } from "hono";
import { z } from "zod";
import { failure } from "../../errors/failure.ts";
import { problemsOf, sentence } from "../../options/problems.ts";
import type { Value } from "../../scoring/request.ts";
import { parseJson, readBytes } from "../body.ts";
import { DATATYPE_NAMES, type TensorHead, valuesOfBytes, valuesOfJson, wrongTensor } from "./tensor.ts";

/** Length of the JSON, where bytes of tensors stand behind it. */
export const HEADER_LENGTH = "inference-header-content-length";

/** The only output: probabilities of a click, of datatype FP32. */
export const OUTPUT = "probability";

/** What the documentation says of a shape; errors name the tensor, and are those of `countOf`. */
const SHAPE = { minItems: 1, maxItems: 2, items: { type: "integer", minimum: 1 } } as const;

const parameters = z.record(z.string(), z.unknown());

export const inferenceBody = z
  .strictObject({
    id: z.string().describe("comes back").optional(),
    model_name: z.string().describe("as in the path, which counts").optional(),
    model_version: z.string().describe("as in the path, which counts").optional(),
    parameters: parameters.describe("`binary_data_output`: whether outputs come as bytes").optional(),
    inputs: z
      .array(
        z.strictObject({
          name: z.string().describe("one of the model's inputs"),
          datatype: z.string().meta({ enum: [...DATATYPE_NAMES] }),
          shape: z.array(z.int().min(0)).meta({ ...SHAPE, description: "[n] or [n, 1]; [1] stands for all n" }),
          parameters: parameters.describe("`binary_data_size`: how many bytes it has behind the JSON").optional(),
          data: z.array(z.unknown()).describe("values, nested or flat").optional(),
        }),
      )
      .min(1),
    outputs: z
      .array(
        z.strictObject({
          name: z.literal(OUTPUT),
          parameters: parameters.describe("`binary_data`: whether it comes as bytes").optional(),
        }),
      )
      .max(1)
      .optional(),
  })
  .meta({ id: "InferenceRequest" });

type InferenceBody = z.output<typeof inferenceBody>;

/** A request, read: the values of each input, and how the output is wanted. */
export interface InferenceRequest {
  readonly id?: string | undefined;
  readonly tensors: ReadonlyMap<string, readonly Value[]>;
  readonly isBinary: boolean;
}

/**
 * Reads a request, whatever type of content it says it is.
 * @param check is asked of each input before its values are read
 * @throws UserError that says what cannot be read
 */
export async function readInference(
  request: HonoRequest,
  maxBody: number,
  check: (head: TensorHead) => void,
): Promise<InferenceRequest> {
  const bytes = await plain(request.header("content-encoding"), await readBytes(request, maxBody), maxBody);
  const end = endOfJson(request.header(HEADER_LENGTH), bytes.length);
  const body = checked(parseJson(bytes.subarray(0, end)));
  return { id: body.id, tensors: tensorsOf(body, bytes.subarray(end), check), isBinary: isBinaryOf(body) };
}

/** Ways to make a body smaller that clients have. */
const UNPACKED = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** A body without its compression; of more bytes than are taken no more than that is ever unpacked. */
async function plain(encoding: string | undefined, bytes: Uint8Array, maxBody: number): Promise<Uint8Array> {
  if (encoding === undefined || encoding === "identity") return bytes;
  if (encoding !== "gzip" && encoding !== "deflate") {
    throw failure("serving.wrong-type", { name: "content-encoding", expected: "gzip or deflate", found: encoding });
  }
  try {
    return await UNPACKED[encoding](bytes, { maxOutputLength: maxBody });
  } catch (error) {
    if (error instanceof RangeError) throw failure("serving.too-large", { name: "body", expected: maxBody });
    const expected = `a body in ${encoding}`;
    throw failure("serving.wrong-header", { name: "content-encoding", expected, found: "another one" }, error);
  }
}

function endOfJson(given: string | undefined, length: number): number {
  if (given === undefined) return length;
  if (/^\d{1,10}$/.test(given) && Number(given) <= length) return Number(given);
  const expected = `how many of the ${length} bytes are JSON`;
  throw failure("serving.wrong-header", { name: HEADER_LENGTH, expected, found: given });
}

function checked(given: unknown): InferenceBody {
  const result = inferenceBody.safeParse(given);
  if (result.success) return result.data;
  const [problem] = problemsOf(inferenceBody, given);
  throw failure("request.invalid", { field: problem.path.join("."), problem: sentence(problem) });
}

function tensorsOf({ inputs }: InferenceBody, bytes: Uint8Array, check: (head: TensorHead) => void) {
  const tensors = new Map<string, readonly Value[]>();
  let at = 0;
  for (const { parameters: { binary_data_size: size, ...others } = {}, data, ...head } of inputs) {
    const { name } = head;
    check(head);
    if (tensors.has(name)) throw wrongTensor(name, "expected once, found twice");
    for (const key in others) {
      if (key.startsWith("shared_memory")) throw wrongTensor(name, `expected its values, found ${key}`);
    }
    if (size === undefined) {
      if (data === undefined) throw wrongTensor(name, "expected data, or binary_data_size");
      tensors.set(name, valuesOfJson(head, data));
      continue;
    }
    if (data !== undefined) throw wrongTensor(name, "expected data or binary_data_size, found both");
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0 || size > bytes.length - at) {
      throw wrongTensor(name, `expected a binary_data_size of at most the ${bytes.length - at} bytes that there are`);
    }
    tensors.set(name, valuesOfBytes(head, bytes.subarray(at, at + size)));
    at += size;
  }
  if (at === bytes.length) return tensors;
  const problem = `${bytes.length - at} bytes behind the JSON belong to no input`;
  throw failure("request.invalid", { field: HEADER_LENGTH, problem });
}

function isBinaryOf({ parameters, outputs: [output] = [] }: InferenceBody): boolean {
  const wanted = output?.parameters ?? {};
  for (const key in wanted) {
    if (key !== "classification" && !key.startsWith("shared_memory")) continue;
    throw failure("request.invalid", { field: OUTPUT, problem: `output ${OUTPUT}: ${key} is not served` });
  }
  return (wanted.binary_data ?? parameters?.binary_data_output) === true;
}

/** Who answers a request. */
export interface AnsweredRequest {
  readonly id?: string | undefined;
  readonly model: string;
  readonly version: string;
}

/** An answer with the output in JSON. */
export function jsonAnswer({ id, model, version }: AnsweredRequest, probabilities: Float32Array) {
  const output = { name: OUTPUT, datatype: "FP32", shape: [probabilities.length] };
  return {
    model_name: model,
    model_version: version,
    ...(id === undefined ? {} : { id }),
    outputs: [{ ...output, data: Array.from(probabilities) }],
  };
}

/** The same with the output as bytes: the whole body, and how many bytes of it are JSON. */
export function binaryAnswer(answering: AnsweredRequest, probabilities: Float32Array) {
  const { outputs, ...rest } = jsonAnswer(answering, probabilities);
  const size = 4 * probabilities.length;
  const heads = outputs.map(({ data, ...head }) => ({ ...head, parameters: { binary_data_size: size } }));
  const json = Buffer.from(JSON.stringify({ ...rest, outputs: heads }));
  const body = new Uint8Array(json.length + size);
  body.set(json);
  const view = new DataView(body.buffer, json.length);
  for (let i = 0; i < probabilities.length; i++) view.setFloat32(4 * i, probabilities[i], true);
  return { body, length: json.length };
}
