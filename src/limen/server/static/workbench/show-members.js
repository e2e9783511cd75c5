/** Header and claims as they were written, each member in words and tied to the bytes that it comes from. */

import { explain, isTime } from "./claims.js";
import { clipped, fill, h, visible } from "./dom.js";
import * as json from "./json.js";
import { counted, oddities } from "./text.js";
import { isMoment, local, relative, utc } from "./time.js";

/** @typedef {import("./jose.js").Segment} Segment */
/** @typedef {(segment: number, from: number, to: number, scroll: boolean) => void} Mark characters of a document */

const AT_ONCE = 150;

/** Show what a segment says in `place`.
 * @param {HTMLElement} place @param {"header" | "payload"} part @param {Segment} segment @param {number} now @param {Mark} mark */
export function showMembers(place, part, segment, now, mark) {
  const document = segment.document,
    root = document?.root;
  const troubles = (document?.faults ?? []).map((fault) =>
    trouble(`At character ${(fault.at + 1).toLocaleString("en")}: ${fault.words}.`),
  );
  if (segment.flaw)
    troubles.unshift(trouble(`Not canonical base64url, at character ${segment.flaw.at + 1}: ${segment.flaw.words}.`));
  const list = h("dl", { class: "members" });
  if (root?.members) extend(list, root.members, 0, { part, now, mark });
  else if (document)
    list.append(
      h("div", {}, h("dt", {}, root ? root.kind : "not JSON"), h("dd", {}, h("code", {}, clipped(document.text)))),
    );
  fill(place, ...troubles, root?.members?.length === 0 && h("p", { class: "hint" }, "An empty object."), list);
}

/** @param {string} words */
function trouble(words) {
  return h("p", { class: "trouble" }, visible(words.slice(0, 300)));
}

/** @param {HTMLElement} list @param {json.Member[]} members @param {number} from
 *  @param {{part: "header" | "payload", now: number, mark: Mark}} how */
function extend(list, members, from, how) {
  list.append(...members.slice(from, from + AT_ONCE).map((member) => row(member, how)));
  const left = members.length - from - AT_ONCE;
  if (left <= 0) return;
  const more = h(
    "button",
    {
      type: "button",
      class: "quiet",
      onclick: () => {
        const next = list.childElementCount - 1;
        more.parentElement?.remove();
        extend(list, members, next, how);
        /** @type {HTMLElement | null} */ (list.children[next]?.querySelector("button"))?.focus();
      },
    },
    `Show ${counted(Math.min(left, AT_ONCE), "more", "more")} of ${counted(left, "that is left", "that are left")}`,
  );
  list.append(h("div", { class: "more" }, more));
}

/** @param {json.Member} member @param {{part: "header" | "payload", now: number, mark: Mark}} how */
function row({ name, start, node, again }, { part, now, mark }) {
  const segment = part === "header" ? 0 : 1;
  const show = (/** @type {boolean} */ scroll) => mark(segment, start, node.end, scroll);
  const key = h(
    "button",
    {
      type: "button",
      class: `key part-${segment}`,
      title: "Show where it stands in the token",
      onclick: () => show(true),
      onfocus: () => show(false),
    },
    clipped(name, 120),
  );
  return h(
    "div",
    { onmouseenter: () => show(false) },
    h("dt", {}, key),
    h("dd", {}, value(node), ...moment(name, part, node, now), ...notes(part, name, node, again)),
  );
}

/** @param {json.Node} node */
function value(node) {
  if (!node.members && !node.items) return h("code", { class: node.kind }, clipped(node.text));
  const text = node.text.length > 20000 ? node.text : json.pretty(node);
  return h("pre", { class: "code", tabindex: "0", "aria-label": node.kind }, clipped(text, 1500));
}

/** @param {string} name @param {string} part @param {json.Node} node @param {number} now */
function moment(name, part, node, now) {
  const seconds = Number(node.text);
  if (part !== "payload" || !isTime(name) || node.kind !== "number" || !isMoment(seconds)) return [];
  return [
    h("span", { class: "when", "data-at": String(seconds) }, relative(seconds, now)),
    h("span", { class: "exact" }, h("span", {}, local(seconds)), " ", h("span", {}, utc(seconds))),
  ];
}

/** @param {"header" | "payload"} part @param {string} name @param {json.Node} node @param {boolean} again */
function notes(part, name, node, again) {
  const said = explain(part, name, node),
    found = said ? [h("p", { class: "means" }, said)] : [];
  const odd = [...oddities(name), ...oddities(node.string ?? "")];
  if (node.string !== undefined && node.text.includes("\\"))
    found.unshift(h("p", {}, "It reads: ", clipped(node.string)));
  if (again) found.push(flag("This name stood before: one parser takes the first, another the last."));
  if (json.isInexact(node))
    found.push(flag(`More digits than a double holds: JavaScript, and many others, read ${Number(node.text)}.`));
  if (name === "__proto__" || name === "constructor")
    found.push(flag("A name that has poisoned objects in JavaScript; here it is a name like any other."));
  if (odd.length)
    found.push(flag(`Not what it looks like: ${odd.slice(0, 4).join("; ")}${odd.length > 4 ? "; and more" : ""}.`));
  return found;
}

/** @param {string} words */
function flag(words) {
  return h("p", { class: "flag" }, words);
}
