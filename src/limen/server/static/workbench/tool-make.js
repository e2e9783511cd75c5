/** Make a token: header and claims checked as one types, signed by a key that lives in this page alone. */

import { generate, OURS } from "./algorithms.js";
import { $, copies, field, fill, h, list, onInput, parts } from "./dom.js";
import * as findings from "./findings.js";
import * as jose from "./jose.js";
import { lineOf, named, problems, requests, template, thumbprint, token } from "./make.js";
import { showFindings } from "./show-findings.js";
import { capital } from "./text.js";
import { uuid7 } from "./uuid.js";

/** @typedef {keyof ReturnType<typeof requests>} Form */

const FORMS = /** @type {Form[]} */ (["JWT", "curl", "Python", "JavaScript"]);

/** The tool: its key, the token that was made last, and which question is the latest. */
export class MakeTool {
  /** @param {(token: string) => void} open shows a token in the first tool */
  constructor(open) {
    this.header = field("make-header");
    this.claims = field("make-claims");
    this.alg = field("make-alg");
    /** @type {Awaited<ReturnType<typeof generate>> | null} */
    this.key = null;
    this.kid = this.made = "";
    this.turn = 0;
    fill(this.alg, ...OURS.map((name) => h("option", {}, name)));
    const look = h(
      "button",
      { type: "button", class: "quiet", onclick: () => this.made && open(this.made) },
      "Look at it",
    );
    fill(
      $("make-copies"),
      h("span", { class: "hint" }, "Copy as"),
      ...FORMS.map((name) => copies(name, () => this.request(name))),
      look,
    );
    onInput(["make-header", "make-claims"], () => void this.check());
    onInput(["make-alg"], () => void this.newKey());
    $("make-key").addEventListener("click", () => void this.newKey());
    $("make-now").addEventListener("click", () => this.anew());
  }

  /** Make a key, where there is none yet and the browser can. */
  begin() {
    if (crypto.subtle && !this.key) void this.newKey();
  }

  async newKey() {
    const mine = ++this.turn,
      alg = this.alg.value,
      key = await generate(alg).catch(() => null);
    if (!key) return void ($("make-kid").textContent = `This browser makes no keys for ${alg}.`);
    const kid = await thumbprint(key.publicJWK ?? key.privateJWK);
    if (mine !== this.turn) return;
    [this.key, this.kid] = [key, kid];
    $("make-kid").textContent = `A new key for ${alg}. It was made here and is kept nowhere.`;
    this.showKey(key);
    if (!this.claims.value) return this.anew();
    this.header.value = this.header.value
      .replace(/("alg"\s*:\s*)"[^"\n]*"/, `$1"${alg}"`)
      .replace(/("kid"\s*:\s*)"[^"\n]*"/, `$1"${kid}"`);
    await this.check();
  }

  anew() {
    const made = template(this.alg.value, this.kid, Date.now() / 1000, () => uuid7(Date.now()));
    [this.header.value, this.claims.value] = [made.header, made.claims];
    void this.check();
  }

  async check() {
    const mine = ++this.turn,
      alg = this.alg.value,
      wrong = say("header", this.header, alg) + say("payload", this.claims, alg);
    this.made = "";
    if (!this.key || !this.header.value) return;
    if (wrong) {
      // What does not parse cannot be signed; the last good token would be another one's.
      fill($("make-token"), h("span", { class: "hint" }, "Not signed: see what is said beside the text."));
      $("make-code").hidden = true;
      return fill($("make-findings"));
    }
    const made = await token(this.header.value, this.claims.value, alg, this.key.sign),
      taken = jose.read(made);
    const found = await findings.token(taken, { now: Date.now() / 1000, expected: alg });
    if (mine !== this.turn) return;
    this.made = made;
    fill($("make-token"), parts(taken));
    showFindings($("make-findings"), found);
    $("make-code").hidden = true;
  }

  /** The token in this form, shown as well as copied.
   * @param {Form} name */
  request(name) {
    const text = this.made && requests(this.made)[name];
    $("make-code").textContent = text;
    $("make-code").hidden = name === "JWT" || !text;
    return text;
  }

  /** @param {Awaited<ReturnType<typeof generate>>} key */
  showKey({ publicJWK, privateJWK }) {
    const alg = this.alg.value,
      { kid } = this,
      secret = h("pre", { class: "code", tabindex: "0", hidden: true, id: "make-private" });
    const toggle = h(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-expanded": "false",
        "aria-controls": "make-private",
        onclick: () => {
          secret.hidden = !secret.hidden;
          secret.textContent = secret.hidden ? "" : named(privateJWK, alg, kid);
          toggle.setAttribute("aria-expanded", String(!secret.hidden));
        },
      },
      "Show its private half",
    );
    const copy = publicJWK && copies("Copy the public key", () => named(publicJWK, alg, kid));
    fill($("make-keys"), list([["kid", h("code", {}, kid)]]), h("div", { class: "actions" }, copy, toggle), secret);
  }

  clear() {
    this.turn++;
    [this.key, this.kid, this.made] = [null, "", ""];
    for (const id of ["make-token", "make-findings", "make-keys", "make-header-said", "make-claims-said", "make-code"])
      fill($(id));
    $("make-code").hidden = true;
    if (!$("make").hidden) this.begin();
  }
}

/** Say what is wrong with a text, and how much that is.
 * @param {"header" | "payload"} part @param {HTMLTextAreaElement} text @param {string} alg */
function say(part, text, alg) {
  const found = text.value ? problems(part, text.value, alg) : [],
    place = $(part === "header" ? "make-header-said" : "make-claims-said");
  const said = found
    .slice(0, 3)
    .map(({ at, words }) => `${capital(words)} (${lineOf(text.value, at)}).`)
    .join(" ");
  if (place.textContent !== said) place.textContent = said;
  text.setAttribute("aria-invalid", String(found.length > 0));
  return found.length;
}
