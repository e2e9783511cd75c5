/** The page's elements. Text goes in as text; nothing here, or anywhere, parses markup. */

import { counted, pieces } from "./text.js";

/** @typedef {Node | string | null | false | undefined} Child */

/** The element of this id, which the page has.
 * @template {HTMLElement} [T=HTMLElement] @param {string} id */
export function $(id) {
  return /** @type {T} */ (document.getElementById(id));
}

/** A field where something is typed.
 * @param {string} id */
export function field(id) {
  return /** @type {HTMLTextAreaElement} */ ($(id));
}

/** An element; `class` and other attributes as they are called in HTML, `on…` are listeners.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Record<string, string | boolean | ((event: Event) => void)>} attributes @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]} */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...present(children));
  return element;
}

/** Put these in place of whatever is in `place`.
 * @param {HTMLElement} place @param {...Child} children */
export function fill(place, ...children) {
  place.replaceChildren(...present(children));
}

/** @param {Child[]} children */
function present(children) {
  return children.filter((child) => child !== null && child !== false && child !== undefined);
}

/** Text with everything in it made visible that does not show itself.
 * @param {string} text */
export function visible(text) {
  const made = document.createDocumentFragment();
  for (const piece of pieces(text)) {
    if (!piece.odd || piece.text === "\n") made.append(piece.text);
    else made.append(h("span", { class: "odd", title: piece.odd }, piece.odd.split(",")[0]));
  }
  return made;
}

/** Long text cut after `most` characters, with a button for the rest.
 * @param {string} text @param {number} [most] */
export function clipped(text, most = 600) {
  if (text.length <= most * 1.2) return visible(text);
  const whole = h("span", {}, visible(text.slice(0, most)), "… ");
  const more = h(
    "button",
    { type: "button", class: "link", onclick: () => fill(whole, visible(text)) },
    `all ${counted(text.length, "character")}`,
  );
  whole.append(more);
  return whole;
}

/** A button that copies, and says that it did.
 * @param {string} name @param {() => string} text */
export function copies(name, text) {
  const button = h("button", { type: "button", class: "quiet", onclick: copy }, name);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select and copy by hand"; // the browser does not let a page write there
    }
    setTimeout(() => (button.textContent = name), 1500);
  }
  return button;
}

/** Names and what they stand for.
 * @param {[string, Child][]} rows */
export function list(rows) {
  return h("dl", { class: "plain" }, ...rows.map(([name, said]) => h("div", {}, h("dt", {}, name), h("dd", {}, said))));
}

/** Characters of a part that are shown: breaking a hundred thousand into lines takes a browser as long as all else. */
const SHOWN = 6000;

/** The three parts of a token in their colours.
 * @param {import("./jose.js").Token} token */
export function parts({ segments, kind }) {
  const made = document.createDocumentFragment();
  segments.forEach((segment, i) => {
    if (i) made.append(h("span", { class: "dot" }, "."));
    const rest = segment.text.length - SHOWN,
      class_ = kind === "jws" ? `part-${i}` : "part-x";
    made.append(h("span", { class: class_ }, segment.text.slice(0, SHOWN)));
    if (rest > 0) made.append(h("span", { class: "hint" }, ` … ${rest.toLocaleString("en")} more `));
  });
  return made;
}

/** Run `task` when its field changes; the latest one only.
 * @param {string[]} ids @param {() => void} task */
export function onInput(ids, task) {
  for (const id of ids) $(id).addEventListener($(id).tagName === "SELECT" ? "change" : "input", task);
}
