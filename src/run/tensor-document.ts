/**
 * Files of a run that hold tensors and a JSON document about them. Each tensor has a checksum, and the header of the file,
 * which holds these, the document and where the tensors lie, has one of its own: so damage is found wherever it is, and the
 * checksum of the header stands for the file.
 */
import { dirname } from "node:path";
import { z } from "zod";
import { failure } from "../errors/failure.ts";
import { writeFileAside } from "../files/aside.ts";
import { sha256 } from "../files/digest.ts";
import { makeFolder } from "../files/plain.ts";
import { parseOrNull } from "./run-folder.ts";
import { dtypeOf, encode, newTensorData, type StoredTensor } from "./safetensors.ts";
import { type OpenTensorFile, openTensorFile } from "./safetensors-file.ts";
import { weightsSha256, weightsSha256InTurns } from "./sha256.ts";

/** Stands in the header for its own checksum while that is computed. */
const BLANK = "0".repeat(64);

/** Writes tensors and a JSON document about them into one file; returns the checksum of its header. */
export async function writeTensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  about: unknown,
): Promise<string> {
  await makeFolder(dirname(path));
  const sums = Object.fromEntries([...tensors].map(([name, tensor]) => [name, checksum(name, tensor)]));
  const metadata = { dien: JSON.stringify(about), sha256: JSON.stringify(sums), header: BLANK };
  const [header, ...pieces] = encode(tensors, metadata);
  const sum = sha256(header);
  Buffer.from(header.buffer).write(sum, placeOf(header, BLANK));
  await writeFileAside(path, [header, ...pieces]);
  return sum;
}

/**
 * Reads a file of `writeTensors` into `tensors`, each in place; calls `check` with the document and the checksum of the
 * header first.
 */
export async function readTensors<About>(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  check: (about: unknown, sum: string) => About,
): Promise<About> {
  const file = await openTensorFile(path);
  try {
    const about = readAbout(path, file, check);
    const sums = z.record(z.string(), z.string()).catch({}).parse(parseOrNull(file.metadata.sha256));
    for (const [name, tensor] of tensors) {
      const place = file.tensors.get(name);
      const dtype = dtypeOf(tensor.data);
      if (place?.shape.join() !== tensor.shape.join() || place.dtype !== dtype) {
        const found = place ? `${place.dtype} [${place.shape}]` : "none";
        throw failure("run.wrong-tensor", { path, tensor: name, expected: `${dtype} [${tensor.shape}]`, found });
      }
      await file.readInto(name, tensor.data);
      if ((await weightsSha256InTurns(new Map([[name, tensor]]))) !== sums[name]) {
        throw failure("file.damaged", { path, problem: `tensor ${name} has another checksum` });
      }
    }
    return about;
  } finally {
    await file.close();
  }
}

/** As `readTensors`, with whatever tensors the file has, one after the other and into no place in particular. */
export async function checkTensors<About>(path: string, check: (about: unknown, sum: string) => About): Promise<About> {
  const file = await openTensorFile(path);
  const shapes = [...file.tensors];
  await file.close();
  const about = await readTensors(path, new Map(), check);
  for (const [name, { dtype, shape, length }] of shapes) {
    const tensor = { shape, data: newTensorData(dtype, length) };
    await readTensors(path, new Map([[name, tensor]]), () => undefined);
  }
  return about;
}

/** What `check` makes of the document. Without a checksum the header is of an earlier version, which `check` may know. */
function readAbout<About>(
  path: string,
  { metadata, header }: OpenTensorFile,
  check: (about: unknown, sum: string) => About,
): About {
  const sum = metadata.header;
  const isSealed = sum !== undefined;
  if (isSealed && sha256(blanked(header, sum)) !== sum) {
    throw failure("file.damaged", { path, problem: "its header does not fit its sha256: it was changed or damaged" });
  }
  const about = check(parseOrNull(metadata.dien), sum ?? "");
  if (isSealed) return about;
  throw failure("file.damaged", {
    path,
    problem: "its header has no sha256: an earlier version or another program wrote it",
  });
}

/** A header as it was before it had its checksum. */
function blanked(header: Uint8Array, sum: string): Uint8Array {
  const bytes = Buffer.from(header);
  const place = placeOf(bytes, sum);
  if (place >= 0) bytes.write(BLANK, place);
  return bytes;
}

/** Where the checksum of a header stands in it. */
function placeOf(header: Uint8Array, sum: string): number {
  const member = '"header":"';
  const place = Buffer.from(header.buffer, header.byteOffset, header.byteLength).indexOf(`${member}${sum}"`);
  return place < 0 ? place : place + member.length;
}

function checksum(name: string, tensor: StoredTensor): string {
  return weightsSha256(new Map([[name, tensor]]));
}
