/** Numbers as people read them, the same on every machine. */

/** Four decimals; "n/a" for a metric that is not defined (NaN). */
export function metric(value: number): string {
  return rounded(value, 4);
}

/** The same with other decimals. */
export function rounded(value: number, decimals: number): string {
  return Number.isFinite(value) ? value.toFixed(decimals) : "n/a";
}

/** A difference of metrics, with its sign. */
export function signed(value: number): string {
  return value > 0 ? `+${metric(value)}` : metric(value);
}

/** A fraction as a signed percentage: +4.17 %. */
export function percent(fraction: number): string {
  if (!Number.isFinite(fraction)) return "n/a";
  return `${fraction > 0 ? "+" : ""}${(100 * fraction).toFixed(2)} %`;
}

/** A fraction of a whole: 41.7 %. */
export function share(fraction: number): string {
  return Number.isFinite(fraction) ? `${(100 * fraction).toFixed(1)} %` : "n/a";
}

/** A p-value: four decimals as far as they go. */
export function pValue(p: number): string {
  return p < 0.0001 ? "< 0.0001" : metric(p);
}

/** A whole number with separators: 44,726. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** Seconds as 8.3 s, 2:05 or 1:02:05. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}
