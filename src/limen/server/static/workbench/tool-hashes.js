/** Stored password hashes read, the 72 bytes of bcrypt, and what hashing costs on a server. */

import { $, field, fill, h, list, onInput, visible } from "./dom.js";
import { cutByBcrypt, measured, read } from "./hashes.js";
import * as json from "./json.js";
import { counted } from "./text.js";

const STANDING = { good: "Good.", weak: "Below today’s advice.", bad: "Not fit for passwords." };

export function hashTool() {
  onInput(["hash"], showHash);
  onInput(["long"], showCut);
  onInput(["costs"], showCosts);
  return {
    clear() {
      showHash();
      showCut();
      showCosts();
    },
  };
}

function showHash() {
  const text = field("hash").value,
    hash = read(text);
  if (!text.trim())
    return fill(
      $("hash-said"),
      h(
        "p",
        { class: "hint" },
        "Paste a hash as it stands in a database: you will see what made it, and how it stands against today’s advice.",
      ),
    );
  if (!hash)
    return fill(
      $("hash-said"),
      h(
        "p",
        { class: "trouble" },
        "No form that is known here. Some tables cut a hash off, or have lost its dollar signs.",
      ),
    );
  const state = hash.standing === "good" ? "good" : hash.standing === "weak" ? "warn" : "bad";
  const rows = hash.parameters.map(([name, value]) => /** @type {[string, string]} */ ([name, value]));
  fill(
    $("hash-said"),
    h("h2", {}, visible(hash.format)),
    h(
      "div",
      { class: `verdict ${state}` },
      h("p", { class: "title" }, STANDING[hash.standing]),
      ...hash.advice.map((one) => h("p", {}, one)),
    ),
    list(rows),
  );
}

function showCut() {
  const { bytes, kept } = cutByBcrypt(field("long").value),
    count = counted(bytes, "byte");
  field("long").setAttribute("aria-invalid", String(bytes > 72));
  $("long-said").textContent = !bytes
    ? ""
    : bytes <= 72
      ? `No: ${count} of 72.`
      : `Yes: it has ${count}, and only the first ${kept} characters count. Limen hashes what comes before bcrypt, so nothing is cut.`;
}

function showCosts() {
  const text = field("costs").value.trim(),
    found = text ? measured(json.read(text)) : null;
  if (!found)
    return fill(
      $("costs-said"),
      text !== "" && h("p", { class: "trouble" }, "This is not what `limen hash calibrate --json` prints."),
    );
  const most = Math.max(...found.map((one) => one.ms), 1);
  const bars = found.map(({ label, ms, within }) => {
    const bar = h("span", { class: within ? "bar" : "bar over", "aria-hidden": "true" });
    bar.style.width = `${(ms / most) * 100}%`;
    return h(
      "li",
      {},
      h("span", {}, label),
      h("span", { class: "track" }, bar),
      h("b", {}, `${ms.toLocaleString("en")} ms${within ? "" : ", over the target"}`),
    );
  });
  fill($("costs-said"), h("h2", {}, "One hash on your server takes"), h("ul", { class: "costs" }, ...bars));
}
