/** What programs need for an online experiment of their own server: what they give is checked. */
import { z } from "zod";
import * as definition from "../ab/definition/read.ts";
import type { OnlineExperiment } from "../ab/experiment/experiment.ts";
import * as records from "../ab/records/open.ts";
import type { Records, RecordsOptions } from "../ab/records/records.ts";
import { path } from "../options/pieces.ts";
import { checkOptions } from "../options/problems.ts";
import * as serving from "../serving/experiments/earned.ts";

const ofFile = z.object({ path });
const ofFolder = z.object({ folder: path });
const ofExperiment = z.object({ folder: path, experiment: z.string().min(1) });

/** Reads an ab.yaml. @throws UserError that names the file, and the key where it is about one */
export async function readExperiment(file: string): Promise<OnlineExperiment> {
  checkOptions("readExperiment", ofFile, { path: file });
  return await definition.readExperiment(file);
}

/** Opens the records in a folder, which is made where there is none. @throws UserError where another process has them */
export async function openRecords(folder: string, options: RecordsOptions): Promise<Records> {
  checkOptions("openRecords", ofFolder, { folder });
  return await records.openRecords(folder, options);
}

/**
 * Impressions of each arm of an experiment, and how many of them were clicked within the window, by the records in a folder:
 * `earned` of a bandit. @throws UserError where they cannot be read
 */
export async function earnedIn(folder: string, experiment: string): ReturnType<typeof serving.earnedIn> {
  checkOptions("earnedIn", ofExperiment, { folder, experiment });
  return await serving.earnedIn(folder, experiment);
}
