/** Files of a run that hold tensors and a JSON document about them. Each tensor has a checksum, so damage is found. */
import { dirname } from "node:path";
import { z } from "zod";
import { failure } from "../errors/failure.ts";
import { writeFileAside } from "../files/aside.ts";
import { makeFolder } from "../files/plain.ts";
import { parseOrNull } from "./run-folder.ts";
import { dtypeOf, encode, type StoredTensor } from "./safetensors.ts";
import { openTensorFile } from "./safetensors-file.ts";
import { weightsSha256 } from "./sha256.ts";

/** Writes tensors and a JSON document about them into one file. */
export async function writeTensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  about: unknown,
): Promise<void> {
  await makeFolder(dirname(path));
  const sums = Object.fromEntries([...tensors].map(([name, tensor]) => [name, checksum(name, tensor)]));
  await writeFileAside(path, encode(tensors, { dien: JSON.stringify(about), sha256: JSON.stringify(sums) }));
}

function checksum(name: string, tensor: StoredTensor): string {
  return weightsSha256(new Map([[name, tensor]]));
}

/** Reads a file of `writeTensors` into `tensors`, each in place; calls `check` with the document first. */
export async function readTensors<About>(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  check: (about: unknown) => About,
): Promise<About> {
  const file = await openTensorFile(path);
  try {
    const about = check(parseOrNull(file.metadata.dien));
    const sums = z.record(z.string(), z.string()).catch({}).parse(parseOrNull(file.metadata.sha256));
    for (const [name, tensor] of tensors) {
      const place = file.tensors.get(name);
      const dtype = dtypeOf(tensor.data);
      if (place?.shape.join() !== tensor.shape.join() || place.dtype !== dtype) {
        const found = place ? `${place.dtype} [${place.shape}]` : "none";
        throw failure("run.wrong-tensor", { path, tensor: name, expected: `${dtype} [${tensor.shape}]`, found });
      }
      await file.readInto(name, tensor.data);
      if (checksum(name, tensor) !== sums[name]) {
        throw failure("file.damaged", { path, problem: `tensor ${name} has another checksum` });
      }
    }
    return about;
  } finally {
    await file.close();
  }
}
