/** Two tokens, claim by claim. */

import * as json from "./json.js";
import { isTime } from "./claims.js";
import { relative } from "./time.js";

/** @typedef {import("./json.js").Node} Node */
/** @typedef {{part: "header"|"payload", name: string, left: Node | null, right: Node | null, kind: "same"|"changed"|"left"|"right", note: string}} Row */

/** The members of two tokens, those that differ first.
 * @param {import("./jose.js").Token} left @param {import("./jose.js").Token} right @returns {Row[]} */
export function compare(left, right) {
  /** @type {Row[]} */
  const rows = [];
  for (const [i, part] of /** @type {const} */ (["header", "payload"]).entries()) {
    const a = json.members(left.segments[i]?.document?.root),
      b = json.members(right.segments[i]?.document?.root);
    for (const name of new Set([...a.keys(), ...b.keys()]))
      rows.push(row(part, name, a.get(name) ?? null, b.get(name) ?? null));
  }
  return rows.sort((x, y) => Number(x.kind === "same") - Number(y.kind === "same"));
}

/** @param {Row["part"]} part @param {string} name @param {Node | null} left @param {Node | null} right @returns {Row} */
function row(part, name, left, right) {
  const kind = !left ? "right" : !right ? "left" : equal(left, right) ? "same" : "changed";
  return {
    part,
    name,
    left,
    right,
    kind,
    note: left && right && kind === "changed" ? difference(name, left, right) : "",
  };
}

/** Equal as JSON: in whatever order and with whatever white space; numbers by their text, for a double may hide it.
 * @param {Node} left @param {Node} right */
export function equal(left, right) {
  return normal(left) === normal(right);
}

/** @param {Node} node @returns {string} */
function normal(node) {
  if (node.kind === "string") return JSON.stringify(node.string);
  if (node.items) return `[${node.items.map(normal).join()}]`;
  if (node.members)
    return `{${node.members
      .map((member) => `${JSON.stringify(member.name)}:${normal(member.node)}`)
      .sort()
      .join()}}`;
  return node.text;
}

/** @param {string} name @param {Node} left @param {Node} right */
function difference(name, left, right) {
  if (isTime(name) && left.kind === "number" && right.kind === "number") {
    const moved = relative(Number(right.text), Number(left.text));
    return moved.startsWith("in ") ? `${moved.slice(3)} later` : moved.replace("ago", "earlier");
  }
  if (left.kind !== right.kind) return `${left.kind} became ${right.kind}`;
  const sets = [left, right].map(words);
  if (!sets[0] || !sets[1]) return "";
  const [a, b] = [new Set(sets[0]), new Set(sets[1])];
  const gone = [...a].filter((word) => !b.has(word)),
    added = [...b].filter((word) => !a.has(word));
  return (
    [gone.length ? `without ${gone.join(", ")}` : "", added.length ? `with ${added.join(", ")}` : ""]
      .filter(Boolean)
      .join("; ") || "in another order"
  );
}

/** The words of a list, or of a scope.
 * @param {Node} node */
function words(node) {
  if (node.items?.every((one) => one.kind === "string")) return node.items.map((one) => one.string ?? "");
  return node.string?.includes(" ") ? node.string.split(" ") : null;
}
