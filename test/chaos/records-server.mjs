/**
 * A server with an experiment and records whose files are small: `node records-server.mjs RUN FOLDER`. A line says where it
 * listens; SIGTERM ends it.
 */
import { once } from "node:events";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [run, folder] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(resolve("dist", path)).href);
const [{ openServer }, { openRecords }, { parseExperiment }] = await Promise.all(
  ["serving/serve.js", "ab/records/open.js", "ab/experiment/experiment.js"].map(load),
);
const arms = [
  { name: "a", model: "one" },
  { name: "b", model: "two" },
];
const definition = parseExperiment({ name: "chaos", arms }, "ab.yaml");
const records = await openRecords(folder, { window: definition.window, rotateBytes: 20_000 });
const { server } = await openServer({
  ...{ run: [`one=${run}`, `two=${run}`], store: "memory:", scoring: { threads: 1, shadows: {} } },
  serving: { experiment: { definition, records } },
});
process.once("SIGTERM", () => server.close());
const { url } = await server.listen({ port: 0 });
process.stdout.write(`${url}\n`);
await once(process, "SIGTERM");
