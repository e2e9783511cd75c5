/** Findings as a list: what, why, the section of the standard, and the mend. */

import { fill, h, visible } from "./dom.js";
import { capital, counted } from "./text.js";

/** @typedef {import("./findings.js").Finding} Finding */

const WORDS = { error: "Error", warning: "Warning", notice: "Note" };

/** Show them in `place`, worst first.
 * @param {HTMLElement} place @param {Finding[]} findings */
export function showFindings(place, findings) {
  const count = (/** @type {string} */ severity) => findings.filter((one) => one.severity === severity).length;
  const said = [
    [count("error"), "error"],
    [count("warning"), "warning"],
    [count("notice"), "note"],
  ];
  const summary = said.flatMap(([n, name]) => (n ? [counted(Number(n), String(name))] : [])).join(", ");
  fill(
    place,
    h("p", { class: "hint" }, findings.length ? `${summary}.` : "Nothing is odd about it."),
    findings.length > 0 && h("ul", { class: "findings" }, ...findings.map(item)),
  );
}

/** @param {Finding} finding */
function item({ id, severity, what, why, section, mend }) {
  return h(
    "li",
    { class: severity === "notice" ? "note" : severity, "data-id": id },
    h("span", { class: "severity" }, WORDS[severity]),
    h("p", { class: "what" }, ticked(`${capital(what)}.`)),
    h("p", {}, ticked(why)),
    h("p", { class: "mend" }, h("span", { class: "section" }, section), " ", ticked(mend)),
    h("code", { class: "id" }, id),
  );
}

/** A sentence in which `code` stands between backquotes.
 * @param {string} sentence */
function ticked(sentence) {
  const made = document.createDocumentFragment();
  sentence.split("`").forEach((part, i) => made.append(i % 2 ? h("code", {}, visible(part)) : visible(part)));
  return made;
}
