/** What models are asked and what they answer, and the work of their threads. */
import { Counter, Histogram, type Registry } from "prom-client";
import type { ModelListener } from "../models/events.ts";
import { ScoreHistogram } from "./scores.ts";

const CANDIDATES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000];
const BEHAVIOURS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500];
const BATCH_REQUESTS = [1, 2, 4, 8, 16];
const BATCH_CANDIDATES = [1, 2, 5, 10, 20, 50, 100, 150, 200, 256];

/** Returns who is to be told of the scoring of all models. */
export function scoringMetrics(registry: Registry): ModelListener {
  const common = { labelNames: ["model" as const], registers: [registry] };
  const counter = (name: string, help: string) => new Counter({ name, help, ...common });
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, buckets, ...common });

  const candidates = histogram("dien_request_candidates", "Candidates of a scored request.", CANDIDATES);
  const behaviours = histogram("dien_request_behaviours", "Behaviours of a scored request that counted.", BEHAVIOURS);
  const users = counter("dien_users_total", "Scored requests that name a user.");
  const unknown = {
    candidates: counter("dien_unknown_candidates_total", "Candidates that training never saw."),
    behaviours: counter(
      "dien_unknown_behaviours_total",
      "Behaviours that counted with an item that training never saw.",
    ),
    users: counter("dien_unknown_users_total", "Scored requests with a user that training never saw."),
  };
  const scores = new ScoreHistogram(registry);
  const batches = {
    requests: histogram(
      "dien_batch_requests",
      "Requests, or pieces of them, that were scored together.",
      BATCH_REQUESTS,
    ),
    candidates: histogram("dien_batch_candidates", "Candidates that were scored together.", BATCH_CANDIDATES),
  };
  const busy = counter("dien_thread_busy_seconds_total", "Time in which threads scored.");
  const ended = counter("dien_threads_ended_total", "Threads that came to their end by themselves.");

  return (event) => {
    const { kind, model } = event;
    if (kind === "scored") {
      const { counts, probabilities } = event;
      candidates.observe({ model }, counts.candidates);
      behaviours.observe({ model }, counts.behaviours);
      users.inc({ model }, counts.users);
      unknown.candidates.inc({ model }, counts.unknown.candidates);
      unknown.behaviours.inc({ model }, counts.unknown.behaviours);
      unknown.users.inc({ model }, counts.unknown.users);
      scores.observe(model, probabilities);
    } else if (kind === "batch") {
      batches.requests.observe({ model }, event.requests);
      batches.candidates.observe({ model }, event.candidates);
      busy.inc({ model }, event.replay);
    } else if (kind === "thread-ended") ended.inc({ model });
  };
}
