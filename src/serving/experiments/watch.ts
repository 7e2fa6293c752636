/** A definition that is looked at again and again: when it has changed and stands still, it is loaded. */
import { setTimeout as sleep } from "node:timers/promises";
import { fileState } from "../../files/digest.ts";

/**
 * Looks every `seconds`, until `signal` is aborted.
 * @param load never throws
 */
export async function watchFile(
  path: string,
  seconds: number,
  load: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const state = () => fileState(path).catch(() => undefined);
  let loaded = await state();
  let seen = loaded;
  for (;;) {
    await sleep(seconds * 1000, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return;
    const found = await state();
    const standsStill = found === seen;
    seen = found;
    if (found === undefined || found === loaded || !standsStill) continue;
    loaded = found;
    await load();
  }
}
