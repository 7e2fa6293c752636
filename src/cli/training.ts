/** How training shows: a bar of steps with what matters, and a line for every epoch. */

import { count, duration, metric } from "../format.ts";
import type { TrainEvent } from "../training/train.ts";
import type { Progress } from "./progress.ts";

/** A listener of training events that shows them on `progress`; `prefix` names the run where there are several. */
export function showTraining(progress: Progress, prefix = ""): (event: TrainEvent) => void {
  let validation = "";
  return (event) => {
    if (event.kind === "note") {
      progress.note(prefix + event.text);
    } else if (event.kind === "step") {
      const speed = `${count(event.samples_per_s)} samples/s, ${duration(event.seconds_left)} left`;
      const detail = `loss ${metric(event.loss)}${auxiliary(event.auxiliary_loss)}${validation}, ${speed}`;
      progress.update(`${prefix}epoch ${event.epoch}/${event.epochs}`, event.step, event.steps, detail);
    } else {
      const { auc, gauc, logloss } = event.valid;
      const valid = `validation AUC ${metric(auc)}, GAUC ${metric(gauc)}, logloss ${metric(logloss)}`;
      validation = `, AUC ${metric(auc)}`;
      const speed = `${duration(event.seconds)}, ${count(event.samples_per_s)} samples/s`;
      const loss = `loss ${metric(event.train_loss)}${auxiliary(event.auxiliary_loss)}`;
      progress.note(`${prefix}epoch ${event.epoch}: ${loss}; ${valid}; ${speed}`);
    }
  };
}

/** Models without an auxiliary loss report 0. */
function auxiliary(loss: number): string {
  return loss === 0 ? "" : ` + auxiliary ${metric(loss)}`;
}
