/** ab.yaml from the disk. */
import { failure } from "../../errors/failure.ts";
import { parseYaml, readYamlText } from "../../files/yaml.ts";
import { type OnlineExperiment, parseExperiment } from "../experiment/experiment.ts";

/** Reads an online experiment. @throws UserError that names the file, and the key where it is about one */
export async function readExperiment(path: string): Promise<OnlineExperiment> {
  const text = await readYamlText(path);
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    throw failure("ab.invalid", { path, problem: `not YAML: ${(error as Error).message}` }, error);
  }
  return parseExperiment(value, path);
}
