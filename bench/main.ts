/**
 * `npm run bench -- SUBJECT ...` measures on this machine: how fast the engine trains (`training`, where no subject is named),
 * how fast it answers (`serve`), what a step costs when tables of embeddings grow (`tables`).
 */
const SUBJECTS: Record<string, () => Promise<unknown>> = {
  training: () => import("./training.ts"),
  serve: () => import("./serve/main.ts"),
  tables: () => import("./tables.ts"),
};

const named = process.argv[2];
const subject = named === undefined || named.startsWith("-") ? "training" : named;
if (!Object.hasOwn(SUBJECTS, subject))
  throw new Error(`no such subject: ${subject}; ${Object.keys(SUBJECTS).join(", ")}`);
await SUBJECTS[subject]();
