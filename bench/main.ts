/**
 * `npm run bench -- SUBJECT ...` measures on this machine: how far training and ranking are from what it can do (`roofline`,
 * where no subject is named), single matrix products (`products`), how fast requests are answered (`serve`), what a step costs
 * when tables of embeddings grow (`tables`), batches of users against batches of samples (`batches`, and `batches-auc` what their
 * models are worth), what a user costs while sequences grow (`lengths`), what a second thread gains (`threads`).
 */
const SUBJECTS: Record<string, () => Promise<unknown>> = {
  roofline: () => import("./roofline/main.ts"),
  products: () => import("./products.ts"),
  serve: () => import("./serve/main.ts"),
  tables: () => import("./tables.ts"),
  batches: () => import("./batches.ts"),
  lengths: () => import("./lengths.ts"),
  threads: () => import("./threads/main.ts"),
  "batches-auc": () => import("./batches-auc.ts"),
};

const named = process.argv[2];
const subject = named === undefined || named.startsWith("-") ? "roofline" : named;
try {
  if (!Object.hasOwn(SUBJECTS, subject))
    throw new Error(`no such subject; there are ${Object.keys(SUBJECTS).join(", ")}`);
  await SUBJECTS[subject]();
} catch (error) {
  process.stderr.write(`bench ${subject}: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
