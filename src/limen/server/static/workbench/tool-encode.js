/** One value in all its forms. */

import { $, clipped, copies, field, fill, h, onInput } from "./dom.js";
import { bytes, forms, moments, READINGS } from "./encode.js";
import { counted } from "./text.js";

export function encodeTool() {
  function show() {
    const text = field("plain").value,
      reading = field("plain-as").value;
    if (!text)
      return fill(
        $("encoded"),
        h("p", { class: "hint" }, "Type or paste something: you will see it in every other form."),
      );
    const raw = text.length > 1 << 20 ? null : bytes(text, reading);
    if (!raw)
      return fill(
        $("encoded"),
        h(
          "p",
          { class: "trouble" },
          text.length > 1 << 20 ? "More than a million characters." : `This is not ${reading}.`,
        ),
      );
    const times = moments(text, Date.now() / 1000);
    fill(
      $("encoded"),
      h("p", { class: "hint" }, `${counted(raw.length, "byte")}.`),
      times.length > 0 && h("h2", {}, "As a moment"),
      ...times.map(form),
      times.length > 0 && h("h2", {}, "As bytes"),
      ...forms(raw).map(form),
    );
  }

  fill($("plain-as"), ...READINGS.map((name) => h("option", {}, name)));
  onInput(["plain", "plain-as"], show);
  return { clear: show };
}

/** @param {import("./encode.js").Form} form */
function form({ name, text }) {
  return h(
    "div",
    { class: "form" },
    h("p", { class: "form-name" }, name),
    h("pre", { class: "code", tabindex: "0", "aria-label": name }, clipped(text, 4000)),
    copies("Copy", () => text),
  );
}
