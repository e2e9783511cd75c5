/** Two tokens side by side. */

import { compare } from "./compare.js";
import { $, clipped, field, fill, h, onInput } from "./dom.js";
import * as jose from "./jose.js";
import { counted } from "./text.js";

const KINDS = { same: "same", changed: "differs", left: "only in the first", right: "only in the second" };

export function compareTool() {
  function show() {
    const [left, right] = ["left", "right"].map((id) => {
      const found = jose.find(field(id).value);
      return found.length ? jose.read(found[0].token) : null;
    });
    fill($("differences"));
    if (!left || !right)
      return void ($("compared").textContent = "Paste two tokens, and you will see which claims differ, and how.");
    const rows = compare(left, right),
      different = rows.filter((one) => one.kind !== "same").length;
    const summary =
      left.token === right.token
        ? "They are the same, byte for byte."
        : different
          ? `${counted(different, "member differs", "members differ")}, ${rows.length - different} do not.`
          : "They say the same; text or signature differ.";
    $("compared").textContent = summary;
    fill($("differences"), ...rows.slice(0, 300).map(row));
  }

  onInput(["left", "right"], show);
  return { clear: show };
}

/** @param {import("./compare.js").Row} row */
function row({ part, name, left, right, kind, note }) {
  const side = (/** @type {import("./compare.js").Node | null} */ node) =>
    h(
      "div",
      { class: node ? "side present" : "side" },
      node ? h("code", {}, clipped(node.text, 300)) : h("span", { class: "hint" }, "absent"),
    );
  return h(
    "div",
    { class: `difference ${kind}` },
    h(
      "p",
      {},
      h("b", { class: part === "header" ? "part-0" : "part-1" }, clipped(name, 80)),
      " ",
      h("span", { class: "kind" }, KINDS[kind]),
      note && ` · ${note}`,
    ),
    kind === "same" ? side(left) : h("div", { class: "pair" }, side(left), side(right)),
  );
}
