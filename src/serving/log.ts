/**
 * The log: a line a request, and one for each change of a model. It names the pattern of a path and no path, and repeats
 * neither headers nor bodies, so nothing personal and no token gets into it.
 */

import type { Code } from "../errors/catalogue/catalogue.ts";
import type { Exchange, ExchangeListener } from "./exchange.ts";
import type { ExperimentEvent, ExperimentListener } from "./experiments/events.ts";
import { HEALTH } from "./guarded.ts";
import type { ModelListener } from "./models/events.ts";
import { asRefusal } from "./refusal.ts";

/** What is logged of a request. */
export interface LogEntry {
  readonly time: string;
  readonly level: "info" | "warn" | "error";
  readonly request_id: string;
  readonly method: string;
  readonly route: string | null;
  readonly status: number;
  readonly ms: number;
  readonly code?: string;
  readonly model?: string;
  readonly version?: string;
  readonly calibration?: string;
  readonly candidates?: number;
  readonly experiment?: string;
  readonly arm?: string;
  readonly trace_id?: string;
  /** What an error of the server's says; those of clients repeat what they sent. */
  readonly message?: string;
  readonly stack?: string;
}

/** Health is asked for every few seconds; it is worth a line where it is bad. */
const QUIET = [...HEALTH, "/metrics"];

/** Writes a line for each request: JSON for programs, else a line for people. */
export function logger(write: (line: string) => void, forPeople: boolean): ExchangeListener {
  return (exchange) => {
    const entry = entryOf(exchange);
    if (entry.level === "info" && QUIET.includes(entry.route ?? "")) return;
    write(forPeople ? lineOf(entry) : JSON.stringify(entry));
  };
}

/** What is logged of a model: that its version changed, or did not, or that one of its threads ended. */
export interface ModelLogEntry {
  readonly time: string;
  readonly level: "info" | "error";
  readonly event: "loaded" | "rolled-back" | "load-refused" | "thread-ended";
  readonly model: string;
  readonly version?: string;
  /** That loading took. */
  readonly ms?: number;
  /** Why it was refused, or ended. */
  readonly reason?: string;
}

/** The same of what becomes of models. */
export function modelLogger(write: (line: string) => void, forPeople: boolean): ModelListener {
  return (event) => {
    const { kind, model } = event;
    const time = new Date().toISOString();
    let entry: ModelLogEntry;
    if (kind === "loaded" || kind === "rolled-back") {
      const ms = Math.round(event.took * 1000);
      entry = { time, level: "info", event: kind, model, version: event.version, ms };
    } else if (kind === "load-refused" || kind === "thread-ended") {
      entry = { time, level: "error", event: kind, model, reason: event.reason };
    } else return;
    const { level, version, ms, reason } = entry;
    const words = [level.padEnd(5), `model ${model} ${kind}`, reason ?? `version ${version}  ${ms} ms`];
    write(forPeople ? words.join("  ") : JSON.stringify(entry));
  };
}

/** What is logged of an experiment: that its definition changed, or did not, or that something was not recorded. */
export interface ExperimentLogEntry {
  readonly time: string;
  readonly level: "info" | "error";
  readonly event: ExperimentEvent["kind"];
  readonly experiment: string;
  /** Share of all users who changed arms, came or went. */
  readonly moved?: number;
  /** How many exposures were not recorded. */
  readonly exposures?: number;
  readonly reason?: string;
}

/** The same of what becomes of an experiment. */
export function experimentLogger(write: (line: string) => void, forPeople: boolean): ExperimentListener {
  return ({ kind, code: _, ...said }: ExperimentEvent & { code?: Code }) => {
    const level = "reason" in said ? "error" : "info";
    const entry: ExperimentLogEntry = { time: new Date().toISOString(), level, event: kind, ...said };
    const { experiment, moved, exposures, reason } = entry;
    const words = [
      ...[level.padEnd(5), `experiment ${experiment} ${kind}`],
      ...(moved === undefined ? [] : [`${(100 * moved).toFixed(2)} % of users moved`]),
      ...(exposures === undefined ? [] : [`${exposures} exposures`]),
      ...(reason === undefined ? [] : [reason]),
    ];
    write(forPeople ? words.join("  ") : JSON.stringify(entry));
  };
}

function entryOf({ id, method, route, status, milliseconds, error, scored, part, traceId }: Exchange): LogEntry {
  return {
    time: new Date().toISOString(),
    level: status > 0 && status < 400 ? "info" : status < 500 ? "warn" : "error",
    request_id: id,
    method,
    route: route ?? null,
    status,
    ms: Math.round(milliseconds * 100) / 100,
    ...(error === undefined ? {} : { code: asRefusal(error).code }),
    ...(scored === undefined ? {} : scoredOf(scored)),
    ...(part !== undefined && "arm" in part ? part : {}),
    ...(traceId === undefined ? {} : { trace_id: traceId }),
    ...(status >= 500 ? causeOf(error) : {}),
  };
}

function scoredOf({ model, version, calibration, probabilities }: NonNullable<Exchange["scored"]>) {
  return { model, version, ...(calibration && { calibration }), candidates: probabilities.length };
}

/** An error with the place it comes from, where it is a defect. */
function causeOf(thrown: unknown): Pick<LogEntry, "message" | "stack"> {
  const { code, message, cause } = asRefusal(thrown);
  if (code !== "system.defect" || !(cause instanceof Error)) return { message };
  return { message, stack: cause.stack ?? "" };
}

function lineOf({
  level,
  request_id,
  method,
  route,
  status,
  ms,
  code,
  model,
  candidates,
  arm,
  message,
}: LogEntry): string {
  const parts = [
    level.padEnd(5),
    `${method} ${route ?? "(no route)"} ${status}`,
    `${ms} ms`,
    ...(model === undefined ? [] : [`${model}, ${candidates} candidates`]),
    ...(arm === undefined ? [] : [`arm ${arm}`]),
    ...(code === undefined ? [] : [message === undefined ? code : `${code}: ${message}`]),
    request_id,
  ];
  return parts.join("  ");
}
