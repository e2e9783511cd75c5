/** Moments and durations as people say them. Seconds since 1970 throughout; `now` is an argument. */

const UNITS = /** @type {const} */ ([
  ["d", 86400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
]);
/** The year 10000: a NumericDate from there on is an error, of milliseconds most often. */
export const LATEST = 253402300800;

/** A duration in its two largest units.
 * @param {number} seconds */
export function spell(seconds) {
  let left = Math.trunc(Math.abs(seconds));
  const said = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count) said.push(`${count.toLocaleString("en")} ${unit}`);
  }
  return said.slice(0, 2).join(" ") || "less than 1 s";
}

/** `in 14 min`, `3 h 2 min ago`, `now`.
 * @param {number} moment @param {number} now */
export function relative(moment, now) {
  const away = moment - now;
  if (Math.abs(away) < 1) return "now";
  const large =
    Math.abs(away) >= 86400 * 730 ? `${Math.round(Math.abs(away) / 31556952).toLocaleString("en")} years` : spell(away);
  return away > 0 ? `in ${large}` : `${large} ago`;
}

/** Whether a number can be a NumericDate (RFC 7519 §2).
 * @param {number} seconds */
export function isMoment(seconds) {
  return Number.isFinite(seconds) && seconds >= 0 && seconds < LATEST;
}

/** `2026-11-25 00:37:04 UTC`, with a fraction where there is one.
 * @param {number} seconds */
export function utc(seconds) {
  const text = new Date(seconds * 1000).toISOString();
  return `${text.slice(0, 19).replace("T", " ")}${seconds % 1 ? text.slice(19, 23) : ""} UTC`;
}

/** The same in the zone of this machine.
 * @param {number} seconds */
export function local(seconds) {
  return new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
}

/** @typedef {{name: string, at: number, place: number}} Mark `place` is 0 at the left and 1 at the right. */

/** Where moments lie on one line with `now`. The line is as long as they are apart; moments beyond ten times the
 * life around now are cut to the edges by whoever draws, not here.
 * @param {[string, number][]} moments @param {number} now @returns {Mark[]} */
export function timeline(moments, now) {
  const all = [...moments, /** @type {[string, number]} */ (["now", now])].sort((a, b) => a[1] - b[1]);
  const first = all[0][1],
    length = all[all.length - 1][1] - first || 1;
  return all.map(([name, at]) => ({ name, at, place: (at - first) / length }));
}

/** What an epoch time is likely counted in, by its size.
 * @param {number} value @returns {[string, number]} the unit, and how many make a second */
export function epochUnit(value) {
  const size = Math.abs(value);
  if (size < 1e11) return ["seconds", 1];
  if (size < 1e14) return ["milliseconds", 1e3];
  return size < 1e17 ? ["microseconds", 1e6] : ["nanoseconds", 1e9];
}
