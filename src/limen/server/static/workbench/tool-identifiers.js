/** UUIDs made and inspected. */

import { $, copies, field, fill, h, list, onInput } from "./dom.js";
import { local, relative, utc } from "./time.js";
import { canonical, inspect, uuid4, uuid7 } from "./uuid.js";

export function identifierTool() {
  const text = field("uuid");

  function show() {
    const uuid = canonical(text.value);
    if (!text.value.trim())
      return fill(
        $("uuid-said"),
        h("p", { class: "hint" }, "Make one, or paste one of any version: 1 to 8, with braces, as a URN, or bare."),
      );
    if (!uuid)
      return fill(
        $("uuid-said"),
        h(
          "p",
          { class: "trouble" },
          "This is no UUID: 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12 (RFC 9562 §4).",
        ),
      );
    const { version, variant, created, sequence, node, note } = inspect(uuid);
    /** @type {[string, import("./dom.js").Child][]} */
    const rows = [
      ["version", version === null ? "none" : String(version)],
      ["variant", { rfc9562: "RFC 9562", ncs: "NCS", microsoft: "Microsoft" }[variant] ?? variant],
    ];
    if (created !== null)
      rows.push(["made", `${relative(created, Date.now() / 1000)}: ${local(created)}, ${utc(created)}`]);
    if (sequence !== null) rows.push(["clock sequence", String(sequence)]);
    if (node !== null) rows.push(["node", node]);
    const rewritten =
      uuid !== text.value.trim() &&
      h("p", { class: "hint" }, "Written here in the canonical form, the only one that Limen accepts.");
    fill(
      $("uuid-said"),
      h("p", { class: "uuid" }, coloured(uuid, version)),
      h("p", {}, note),
      list(rows),
      rewritten,
      copies("Copy", () => uuid),
    );
  }

  /** @param {() => string} make */
  function put(make) {
    text.value = make();
    show();
  }

  onInput(["uuid"], show);
  $("uuid7").addEventListener("click", () => put(() => uuid7(Date.now())));
  $("uuid4").addEventListener("click", () => put(uuid4));
  return { clear: show };
}

/** The digits that hold a time, and the version among them.
 * @param {string} uuid @param {number | null} version */
function coloured(uuid, version) {
  const end = version === 7 ? 13 : version === 1 || version === 6 ? 18 : 0;
  const made = document.createDocumentFragment();
  [...uuid].forEach((digit, i) => {
    const kind = i === 14 && version !== null ? "part-0" : i < end ? "part-1" : "";
    made.append(kind && digit !== "-" ? h("span", { class: kind }, digit) : digit);
  });
  return made;
}
