/** Refuses to run the suite on an old build: tests of training use `dist`, for worker threads need built files. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

export default function setup(): void {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  for (const name of sources) {
    const built = join(root, "dist", name.replace(/\.ts$/, ".js"));
    const newer = !existsSync(built) || statSync(join(root, "src", name)).mtimeMs > statSync(built).mtimeMs;
    if (newer) throw new Error(`dist is older than src/${name}: \`npm run build\` first, or run \`npm test\``);
  }
}
