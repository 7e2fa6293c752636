/** What the ids of a dataset stand for in the raw data: categories of fields, items, users. */
import { type Field, isNumber } from "../features/schema.ts";
import type { CheckedRows, Folder } from "./checked-file.ts";
import { scanItems, scanSequences, scanVocabulary } from "./scan.ts";

/** The vocabulary of a field: value of id i at place i; place 0, the unknown, is null. Numbers have none. */
export async function readVocabulary(folder: Folder, field: Field): Promise<(string | null)[]> {
  const values: (string | null)[] = new Array(field.size).fill(null);
  if (isNumber(field)) return values;
  await scanVocabulary(folder, field, ({ columns: { id, value } }) => {
    value.texts.forEach((text, i) => {
      values[id.numbers[i]] = text;
    });
  });
  return values;
}

/** How often the training part has the value of each id of a field; of the unknown 0. Numbers have no values. */
export async function readCounts(folder: Folder, field: Field): Promise<Int32Array> {
  const counts = new Int32Array(field.size);
  if (isNumber(field)) return counts;
  await scanVocabulary(folder, field, ({ columns: { id, count } }) => {
    for (let i = 0; i < id.numbers.length; i++) counts[id.numbers[i]] = count.numbers[i];
  });
  return counts;
}

/** The raw id of each catalogue row, null for row 0, the unknown item. */
export async function readItemKeys(folder: Folder): Promise<(string | null)[]> {
  const keys: (string | null)[] = [];
  const take = ({ columns }: CheckedRows) => void keys.push(...columns.key.texts);
  await scanItems(folder, take, { columns: ["key"] });
  keys[0] = null;
  return keys;
}

/** The key of the user of each sequence: of a user with several, several times. */
export async function readUserKeys(folder: Folder): Promise<string[]> {
  const keys: string[] = [];
  const take = ({ columns }: CheckedRows) => void keys.push(...columns.user.texts);
  await scanSequences(folder, take, { columns: ["user", "items"] });
  return keys;
}
