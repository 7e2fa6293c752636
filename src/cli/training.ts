/** How training shows: a bar of steps with what matters, and a line for every epoch. */
import { count, duration, metric } from "../format.ts";
import type { EpochEvent, FromEvent, StepEvent, TrainEvent } from "../training/events.ts";
import type { ProgressDisplay } from "./progress.ts";
import { table } from "./table.ts";

/** A listener of training events that shows them on `progress`; `prefix` names the run where there are several. */
export function showTraining(progress: ProgressDisplay, prefix = ""): (event: TrainEvent) => void {
  let validation = "";
  return (event) => {
    if (event.kind === "note") {
      progress.note(prefix + event.text);
    } else if (event.kind === "from") {
      for (const line of fromLines(event)) progress.note(prefix + line);
    } else if (event.kind === "step") {
      const speed = `${count(event.samples_per_s)} samples/s, ${duration(event.seconds_left)} left`;
      const detail = `${lossText(event)}${validation}, ${speed}`;
      progress.update(`${prefix}epoch ${event.epoch}/${event.epochs}`, event.step, event.steps, detail);
    } else {
      const { auc, gauc, logloss } = event.valid;
      const valid = `validation AUC ${metric(auc)}, GAUC ${metric(gauc)}, logloss ${metric(logloss)}`;
      validation = `, AUC ${metric(auc)}`;
      const speed = `${duration(event.seconds)}, ${count(event.samples_per_s)} samples/s`;
      progress.note(`${prefix}epoch ${event.epoch}: ${lossText(event)}; ${valid}; ${speed}`);
    }
  };
}

/** What a run takes over from another. */
function fromLines({ run, fields }: FromEvent): string[] {
  const rows = fields.map(({ name, known, new: fresh, gone }) => [name, ...[known, fresh, gone].map(count)]);
  return [`goes on from ${run}`, ...table(["values", "known", "new", "gone"], rows)];
}

/** The whole loss and, where it is made of several, each of them. */
function lossText({ losses, total_loss }: StepEvent | EpochEvent): string {
  const each = Object.entries(losses).map(([name, loss]) => `${name} ${metric(loss)}`);
  return `loss ${metric(total_loss)}${each.length > 1 ? ` (${each.join(", ")})` : ""}`;
}
