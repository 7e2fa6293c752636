/** The README's way from a model to answers, run as it stands but for the port. */
import { execFile, spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryFolder } from "../support/source.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const hasCurl = spawnSync("curl", ["--version"]).status === 0;

it.skipIf(!hasCurl)("trains, serves and answers; an event changes the ranking as is shown (needs curl)", async () => {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const [, block, shown] = /^## From a model to answers\n.*?^```sh\n(.*?)^```\n(.*?)^`test/ms.exec(readme)!;
  const lines = block.replaceAll("\\\n", " ").trim().split("\n");
  expect(lines).toHaveLength(6);
  const port = await freePort();
  const served = lines.findIndex((line) => line.endsWith("&"));
  lines[served] = lines[served].replace(" &", ` --port ${port} &`);
  lines.splice(served + 1, 0, "trap 'kill $!' EXIT", "until curl -sf http://127.0.0.1:8080/readyz; do sleep .05; done");
  const folder = temporaryFolder();
  const npx = `#!/bin/sh\nshift\nexec "${process.execPath}" "${join(root, "dist/cli/main.js")}" "$@"\n`;
  await mkdir(join(folder, "bin"));
  await writeFile(join(folder, "bin/npx"), npx, { mode: 0o755 });
  const script = ["set -e", ...lines].join("\n").replaceAll(":8080/", `:${port}/`);
  const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env.PATH}` };
  const { stdout } = await promisify(execFile)("bash", ["-c", script], { cwd: folder, env });
  const answers = [...stdout.matchAll(/"ranking":(\[.*?\])/g)].map((match) => JSON.parse(match[1]));
  expect(answers).toHaveLength(2);
  const rows = answers.map((ranking) =>
    ranking.map(({ candidate, probability }: { candidate: string; probability: number }) => {
      return `${candidate} ${probability.toFixed(3).replace(/^0/, "")}`;
    }),
  );
  expect(shown).toContain(`| before the event | ${rows[0].join(" | ")} |`);
  expect(shown).toContain(`| after it | ${rows[1].join(" | ")} |`);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
