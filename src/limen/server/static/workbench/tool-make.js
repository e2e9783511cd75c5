/** Make a token: header and claims checked as one types, signed by a key that lives in this page alone. */

import { generate, OURS } from "./algorithms.js";
import { $, copies, field, fill, h, list, onInput, parts } from "./dom.js";
import * as findings from "./findings.js";
import * as jose from "./jose.js";
import { lineOf, named, problems, requests, template, thumbprint, token } from "./make.js";
import { showFindings } from "./show-findings.js";
import { uuid7 } from "./uuid.js";

/** @param {(token: string) => void} open shows a token in the first tool */
export function makeTool(open) {
  const header = field("make-header"), claims = field("make-claims"), alg = field("make-alg");
  /** @type {{sign: CryptoKey, publicJWK: JsonWebKey | null, privateJWK: JsonWebKey} | null} */
  let key = null;
  let kid = "", made = "", turn = 0;

  async function newKey() {
    const mine = ++turn, wanted = alg.value;
    const fresh = await generate(wanted);
    if (mine !== turn) return;
    key = fresh;
    kid = await thumbprint(fresh.publicJWK ?? fresh.privateJWK);
    $("make-kid").textContent = `A new key for ${wanted}. It was made here and is kept nowhere.`;
    showKeys();
    if (!claims.value) begin(true);
    else header.value = header.value.replace(/("alg"\s*:\s*)"[^"\n]*"/, `$1"${wanted}"`).replace(/("kid"\s*:\s*)"[^"\n]*"/, `$1"${kid}"`);
    await check();
  }

  /** @param {boolean} [anew] */
  function begin(anew = false) {
    if (!crypto.subtle || (header.value && !anew)) return;
    if (!key) return void newKey();
    const made = template(alg.value, kid, Date.now() / 1000, () => uuid7(Date.now()));
    [header.value, claims.value] = [made.header, made.claims];
  }

  async function check() {
    const mine = ++turn, wrong = say("header", header, alg.value) + say("payload", claims, alg.value);
    if (!key || !header.value) return;
    if (wrong) {
      // What does not parse cannot be signed; the last good token would be another one's.
      made = "";
      fill($("make-token"), h("span", { class: "hint" }, "Not signed: see what is said beside the text."));
      return fill($("make-findings"));
    }
    const signed = await token(header.value, claims.value, alg.value, key.sign), taken = jose.read(signed);
    const found = await findings.token(taken, { now: Date.now() / 1000, expected: alg.value });
    if (mine !== turn) return;
    made = signed;
    fill($("make-token"), parts(taken));
    showFindings($("make-findings"), found);
    $("make-code").hidden = true;
  }

  function showKeys() {
    if (!key) return;
    const { publicJWK, privateJWK } = key, name = alg.value;
    const secret = h("pre", { class: "code", tabindex: "0", hidden: true, id: "make-private" });
    const toggle = h("button", { type: "button", class: "quiet", "aria-expanded": "false", "aria-controls": "make-private", onclick: () => {
      secret.hidden = !secret.hidden;
      secret.textContent = secret.hidden ? "" : named(privateJWK, name, kid);
      toggle.setAttribute("aria-expanded", String(!secret.hidden));
    } }, "Show its private half");
    const copy = publicJWK && copies("Copy the public key", () => named(publicJWK, name, kid));
    fill($("make-keys"), list([["kid", h("code", {}, kid)]]), h("div", { class: "actions" }, copy, toggle), secret);
  }

  function clear() {
    turn++;
    [key, kid, made] = [null, "", ""];
    for (const id of ["make-token", "make-findings", "make-keys", "make-header-said", "make-claims-said", "make-code"]) fill($(id));
    $("make-code").hidden = true;
    if (!$("make").hidden) begin();
  }

  fill(alg, ...OURS.map((name) => h("option", {}, name)));
  const code = (/** @type {keyof ReturnType<typeof requests>} */ name) => copies(name, () => {
    const text = requests(made)[name];
    $("make-code").textContent = text;
    $("make-code").hidden = name === "JWT";
    return text;
  });
  fill($("make-copies"), h("span", { class: "hint" }, "Copy as"), code("JWT"), code("curl"), code("Python"), code("JavaScript"), h("button", { type: "button", class: "quiet", onclick: () => made && open(made) }, "Look at it"));
  onInput(["make-header", "make-claims"], () => void check());
  onInput(["make-alg"], () => void newKey());
  $("make-key").addEventListener("click", () => void newKey());
  $("make-now").addEventListener("click", () => (begin(true), void check()));
  return { clear, begin };
}

/** Say what is wrong with a text, and how much that is.
 * @param {"header" | "payload"} part @param {HTMLTextAreaElement} text @param {string} alg */
function say(part, text, alg) {
  const found = text.value ? problems(part, text.value, alg) : [], place = $(part === "header" ? "make-header-said" : "make-claims-said");
  const said = found.slice(0, 3).map(({ at, words }) => `${words} (${lineOf(text.value, at)})`).join(" ");
  if (place.textContent !== said) place.textContent = said;
  text.setAttribute("aria-invalid", String(found.length > 0));
  return found.length;
}
