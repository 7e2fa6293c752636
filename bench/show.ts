/** How measurements are printed. */
import { cpus, loadavg } from "node:os";
import Table from "cli-table3";

/** Rates of one run are comparable with each other, not with those of another machine, or of another moment. */
export const machine = () => ({
  cpu: cpus()[0].model,
  cores: cpus().length,
  node: process.version,
  load: loadavg()[0],
});

export const note = (text: string) => process.stderr.write(`${text}\n`);
export const print = (text: string) => process.stdout.write(`${text}\n`);
export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const made = new Table({ head: [...head], style: { head: [], border: [], compact: true } });
  made.push(...rows.map((row) => [...row]));
  return made.toString();
}

export function printMachine(): void {
  const { cpu, cores, node, load } = machine();
  print(`${cpu}, ${cores} cores, Node ${node}, load ${load.toFixed(1)}\n`);
}
