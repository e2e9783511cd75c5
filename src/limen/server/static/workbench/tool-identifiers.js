/** UUIDs made and inspected. */

import { $, copies, field, fill, h, list, onInput } from "./dom.js";
import { local, relative, utc } from "./time.js";
import { canonical, inspect, uuid4, uuid7 } from "./uuid.js";

const VARIANTS = new Map([
  ["rfc9562", "RFC 9562"],
  ["ncs", "NCS"],
  ["microsoft", "Microsoft"],
]);

export function identifierTool() {
  const text = field("uuid");
  const put = (/** @type {string} */ uuid) => {
    text.value = uuid;
    show(uuid);
  };
  onInput(["uuid"], () => show(text.value));
  $("uuid7").addEventListener("click", () => put(uuid7(Date.now())));
  $("uuid4").addEventListener("click", () => put(uuid4()));
  return { clear: () => show("") };
}

/** @param {string} text */
function show(text) {
  const place = $("uuid-said"),
    uuid = canonical(text);
  if (!text.trim())
    return fill(place, h("p", { class: "hint" }, "Make one, or paste one of any version, however it is written."));
  if (!uuid) {
    const words = "This is no UUID: 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12 (RFC 9562 §4).";
    return fill(place, h("p", { class: "trouble" }, words));
  }
  const found = inspect(uuid),
    another = uuid !== text.trim();
  fill(
    place,
    h("p", { class: "uuid" }, coloured(uuid, found.version)),
    h("p", {}, found.note),
    list(rows(found)),
    another && h("p", { class: "hint" }, "Written here in the canonical form, the only one that Limen accepts."),
    copies("Copy", () => uuid),
  );
}

/** @param {import("./uuid.js").Inspected} found @returns {[string, string][]} */
function rows({ version, variant, created, sequence, node }) {
  /** @type {[string, string | null][]} */
  const all = [
    ["version", version === null ? "none" : String(version)],
    ["variant", VARIANTS.get(variant) ?? variant],
    ["made", created === null ? null : `${relative(created, Date.now() / 1000)}: ${local(created)}, ${utc(created)}`],
    ["clock sequence", sequence === null ? null : String(sequence)],
    ["node", node],
  ];
  return all.flatMap(([name, said]) => (said === null ? [] : [/** @type {[string, string]} */ ([name, said])]));
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
