/**
 * The process: memory, processor time, garbage collection, how late the event loop is. There is one of it, however many
 * servers it has; what watches it begins with the first look and cannot be ended.
 */
import { collectDefaultMetrics, Registry } from "prom-client";

let registry: Registry | undefined;

export function processMetrics(): Promise<string> {
  if (registry === undefined) {
    registry = new Registry();
    collectDefaultMetrics({ register: registry });
  }
  return registry.metrics();
}
