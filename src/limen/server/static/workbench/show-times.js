/** The times of a token on one line: issued, begins, ends, and now. */

import { TIMES } from "./claims.js";
import { fill, h } from "./dom.js";
import * as json from "./json.js";
import { isMoment, relative, timeline } from "./time.js";

/** Pixels that a label takes, and what lies between two. */
const LABEL = 110,
  BETWEEN = 12;

/** Draw the times of these claims in `place`; nothing where there are none.
 * @param {HTMLElement} place @param {json.Node | null | undefined} root @param {number} now */
export function showTimes(place, root, now) {
  const said = json.members(root);
  const moments = TIMES.flatMap((name) => {
    const node = said.get(name),
      at = Number(node?.text);
    return node?.kind === "number" && isMoment(at) ? [/** @type {[string, number]} */ ([name, at])] : [];
  });
  place.hidden = !moments.length;
  if (!moments.length) return fill(place);
  const marks = timeline(moments, now),
    at = (/** @type {string} */ name) => marks.find((mark) => mark.name === name);
  const today = at("now")?.place ?? 0,
    begin = at("nbf") ?? at("iat"),
    end = at("exp");
  const track = h("div", { class: "track" });
  if (end) track.append(placed("life", begin?.place ?? 0, { until: end.place }));
  for (const mark of marks) if (mark.name !== "now") track.append(placed("tick", mark.place));
  track.append(placed("now", today), labelled("now-label", today, h("b", {}, "now")));
  for (const [names, place_, moment] of labels(marks, (LABEL + BETWEEN) / Math.max(place.clientWidth - LABEL, 1))) {
    track.append(
      labelled(
        "label",
        place_,
        h("b", {}, names),
        " ",
        h("span", { class: "when", "data-at": String(moment) }, relative(moment, now)),
      ),
    );
  }
  fill(place, h("h2", {}, "Times"), track);
}

/** @param {string} kind @param {number} from @param {{until?: number}} [to] */
function placed(kind, from, { until } = {}) {
  const made = h("span", { class: kind, "aria-hidden": "true" });
  made.style.left = `${from * 100}%`;
  if (until !== undefined) made.style.width = `${Math.max(0, until - from) * 100}%`;
  return made;
}

/** @param {string} kind @param {number} at @param {...import("./dom.js").Child} children */
function labelled(kind, at, ...children) {
  const made = h("span", { class: kind }, ...children);
  made.style.left = `${at * 100}%`;
  made.style.translate = `${-at * 100}% 0`;
  return made;
}

/** What stands below the line: marks nearer to each other than `near` share a label at the first one's place.
 * @param {import("./time.js").Mark[]} marks @param {number} near @returns {[string, number, number][]} */
function labels(marks, near) {
  /** @type {[string, number, number][]} */
  const found = [];
  for (const { name, place, at } of marks.filter((mark) => mark.name !== "now")) {
    const last = found.at(-1);
    if (last && place - last[1] < near && name !== "exp") last[0] += `, ${name}`;
    else found.push([name, place, at]);
  }
  return spread(found, near);
}

/** The end shares a label only where it is too near to the one before it; then its own moment is said.
 * @param {[string, number, number][]} found @param {number} near */
function spread(found, near) {
  const last = found.at(-1),
    before = found.at(-2);
  if (last && before && last[1] - before[1] < near) {
    found.splice(-2, 2, [`${before[0]}, ${last[0]}`, last[1], last[2]]);
  }
  return found;
}
