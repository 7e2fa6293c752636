/**
 * `npm run chaos:serve -- kills --times N`: a server is killed N times while events are posted.
 * `npm run chaos:serve -- redis --times N`: the Redis of its store stops and starts N times while events are posted.
 * `npm run chaos:serve -- records --times N`: a server is killed N times while users of an experiment see items and click.
 * `npm run chaos:serve -- requests --times N`: N requests of all kinds, and what memory the server has on the way.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { prepareSynthetic, resolveConfig, train } from "dien";
import { Chance } from "./faults.ts";
import { killedRecords } from "./records.ts";
import { type AwayReport, awayRedis } from "./redis-away.ts";
import { killedServer, mixedRequests } from "./serving.ts";

const { values, positionals } = parseArgs({
  options: { times: { type: "string", default: "200" }, seed: { type: "string", default: "1" } },
  allowPositionals: true,
});
const attacks = { kills: killedServer, records: killedRecords, redis: awayRedis, requests: mixedRequests };
const attack = attacks[positionals[0] as keyof typeof attacks];
if (attack === undefined) throw new Error(`expected one of ${Object.keys(attacks)}`);

const folder = mkdtempSync(join(tmpdir(), "dien-serve-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const [data, run] = [join(folder, "data"), join(folder, "run")];
await prepareSynthetic({ out: data, users: 120 });
await train({ data, out: run, config: resolveConfig({ model: { name: "dien" }, train: { epochs: 1 } }) });
const chance = new Chance(Number(values.seed));
const note = (text: string) => process.stderr.write(`${text}\n`);
const report = await attack({ run, folder, chance, times: Number(values.times), note });
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
const broken: Partial<AwayReport> = report;
const { lost = 0, wrong = 0, torn = 0, unclear = 0 } = broken;
process.exitCode = lost + wrong + torn + unclear > 0 ? 1 : 0;
