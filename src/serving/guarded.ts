/** What is guarded and by what: apart from the guards, for `--help` must not wait for them. */
import { z } from "zod";

/** Paths that tell nothing but how the process is. */
export const HEALTH = ["/livez", "/readyz", "/v2/health/live", "/v2/health/ready"];

/** Fewer characters can be guessed. */
export const LEAST_CHARACTERS = 16;
export const tokenOption = z.string().min(LEAST_CHARACTERS).regex(/^\S+$/);

/** An origin as browsers write it: another spelling would allow nobody. */
export const originOption = z.string().refine((given) => URL.canParse(given) && new URL(given).origin === given, {
  error: "expected an origin, such as https://shop.example",
});
