/**
 * Properties draw the same cases in every run, so that a run that turns red speaks of the change and not of luck.
 * Whoever looks for more cases draws others: `DRAWS=random npx vitest run test/kernels`, or a number in place of
 * `random` for those of that seed.
 */
import fc from "fast-check";

const { DRAWS = "20" } = process.env;
if (DRAWS !== "random") fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(DRAWS) });
