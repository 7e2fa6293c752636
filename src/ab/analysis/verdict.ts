/** One sentence that says what to do, and that somebody can repeat who has not seen the report. */
import { DESCRIBED } from "./metrics.ts";
import type { AbReport, EffectResult, Finding, Verdict } from "./result.ts";
import { counted, points, span } from "./words.ts";

type ReadReport = Pick<AbReport, "control" | "metric" | "reading" | "alpha" | "days" | "users" | "effects">;

/** @param findings grave ones stop it */
export function verdictOf(report: ReadReport, findings: readonly Finding[]): Verdict {
  const grave = findings.filter(({ level }) => level === "grave");
  if (grave.length > 0) return stopped(grave);
  const own = report.effects.filter(({ metric }) => metric === report.metric);
  const isTold = ({ adjustedP }: EffectResult) => adjustedP < report.alpha;
  const ahead = own.filter((one) => isTold(one) && one.lift > 0).sort((a, b) => b.lift - a.lift);
  const behind = own.filter((one) => isTold(one) && one.lift < 0).sort((a, b) => b.lift - a.lift);
  if (ahead.length > 0) return kept(report, ahead);
  if (behind.length === own.length) {
    return {
      decision: "keep",
      arm: report.control,
      sentence: `${comparison(report, behind[0])}: keep ${report.control}.`,
    };
  }
  return waiting(report, own, behind);
}

function stopped([first, ...others]: readonly Finding[]): Verdict {
  const more = others.length === 0 ? "" : ` (and ${counted(others.length, "more grave finding")})`;
  return { decision: "stop", arm: null, sentence: `do not decide: ${first.message}${more}.` };
}

function kept(report: ReadReport, [best, ...others]: readonly EffectResult[]): Verdict {
  const { metric, alpha, effects } = report;
  const bad = effects.filter(
    (one) =>
      one.arm === best.arm &&
      one.metric !== metric &&
      DESCRIBED[one.metric].guards &&
      one.adjustedP < alpha &&
      one.lift < 0,
  );
  if (bad.length > 0) {
    const losses = bad.map((one) => `${moreOrLess(one)} (${interval(one)})`).join(" and ");
    const sentence = `${comparison(report, best)}, but ${losses}: weigh the one against the other.`;
    return { decision: "weigh", arm: null, sentence };
  }
  const rest = others.map((one) => `${one.arm} shows ${points(one.lift)} more`).join(", ");
  return {
    decision: "keep",
    arm: best.arm,
    sentence: `${comparison(report, best)}: keep ${best.arm}${rest === "" ? "" : ` (${rest})`}.`,
  };
}

function waiting(report: ReadReport, own: readonly EffectResult[], behind: readonly EffectResult[]): Verdict {
  const open = own.filter((one) => !behind.includes(one));
  const arms = open.map(({ arm }) => arm).join(", ");
  const single = open.length === 1 && Number.isFinite(open[0].low) ? `${intervalOf(report, open[0])}, ` : "";
  const smallest = Math.min(...open.map((one) => one.smallest).filter(Number.isFinite));
  const unseen = Number.isFinite(smallest)
    ? `with these users an effect below ${points(smallest)} stays unseen`
    : `there is no ${DESCRIBED[report.metric].title} to compare`;
  const lost = behind.map((one) => `; ${one.arm} shows ${moreOrLess(one)}`).join("");
  const between = `between ${arms} and ${report.control}`;
  return {
    decision: "wait",
    arm: null,
    sentence: `no difference in ${DESCRIBED[report.metric].noun} can be told yet ${between} (${single}${extent(report)}): ${unseen}${lost}.`,
  };
}

/** "dien shows 12 % more clicks per impression than base (95 % interval 8 to 16 %, 21 days, 40,112 users)" */
function comparison(report: ReadReport, one: EffectResult): string {
  return `${one.arm} shows ${moreOrLess(one)} than ${report.control} (${intervalOf(report, one)}, ${extent(report)})`;
}

function moreOrLess({ metric, lift }: EffectResult): string {
  const { noun, of } = DESCRIBED[metric];
  const less = of === "clicks" ? "fewer" : "less";
  return `${points(Math.abs(lift))} ${lift < 0 ? less : "more"} ${noun}`;
}

function intervalOf(report: ReadReport, one: EffectResult): string {
  const kind = report.reading === "fixed" ? "interval" : "always-valid interval";
  return `${points(1 - report.alpha)} ${kind} ${interval(one)}`;
}

/** As the lift is told: of 5 % less, 2 to 8 %. */
function interval({ low, high, lift }: EffectResult): string {
  return high < 0 ? span(-high, -low, lift) : span(low, high, lift);
}

function extent({ days, users }: ReadReport): string {
  return `${counted(days, "day")}, ${counted(users, "user")}`;
}
