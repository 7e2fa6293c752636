/**
 * A model that scores what another one has scored, to see how they differ. It has threads and a queue of its own, begins
 * when the answer is on its way, and takes one request at a time: nobody waits for it.
 */
import type { Probabilities } from "../../calibration/calibrator.ts";
import type { RankRequest } from "../../scoring/request.ts";
import type { ComparedEvent, ModelListener } from "./events.ts";

type Score = (request: RankRequest) => Promise<{ readonly probabilities: Probabilities }>;

export class Shadow {
  readonly #model: string;
  readonly #shadow: string;
  readonly #score: Score;
  readonly #tell: ModelListener;
  #isBusy = false;

  /** @param score of the model `shadow` */
  constructor(model: string, shadow: string, score: Score, tell: ModelListener) {
    this.#model = model;
    this.#shadow = shadow;
    this.#score = score;
    this.#tell = tell;
  }

  /** Has the shadow score a request, unless it is at work. */
  follow(request: RankRequest, probabilities: Probabilities): void {
    const [model, shadow] = [this.#model, this.#shadow];
    if (this.#isBusy) {
      this.#tell({ kind: "not-compared", model, shadow, reason: "busy" });
      return;
    }
    this.#isBusy = true;
    setImmediate(async () => {
      try {
        const other = await this.#score(request);
        if (probabilities.length > 0) {
          this.#tell({ kind: "compared", model, shadow, ...differences(probabilities, other.probabilities) });
        }
      } catch {
        this.#tell({ kind: "not-compared", model, shadow, reason: "refused" });
      } finally {
        this.#isBusy = false;
      }
    });
  }
}

function differences(a: Probabilities, b: Probabilities): Omit<ComparedEvent, "kind" | "model" | "shadow"> {
  let [sum, absolute, farthest] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const difference = b[i] - a[i];
    sum += difference;
    absolute += Math.abs(difference);
    farthest = Math.max(farthest, Math.abs(difference));
  }
  const sameFirst = placeOfLargest(a) === placeOfLargest(b);
  return { candidates: a.length, bias: sum / a.length, distance: absolute / a.length, farthest, sameFirst };
}

function placeOfLargest(values: Probabilities): number {
  let place = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[place]) place = i;
  return place;
}
