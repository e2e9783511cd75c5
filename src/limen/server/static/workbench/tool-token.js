/** The first tool: decode, verify, findings of one token. */

import { ALGORITHMS, generate, OURS } from "./algorithms.js";
import { $, field, fill, h, onInput, parts } from "./dom.js";
import * as findings from "./findings.js";
import * as jose from "./jose.js";
import * as json from "./json.js";
import * as keys from "./keys.js";
import { named, template, thumbprint, token as signed } from "./make.js";
import { showFindings } from "./show-findings.js";
import { showMembers } from "./show-members.js";
import { showTimes } from "./show-times.js";
import { showDecoded, showVerdict } from "./show-verdict.js";
import { counted } from "./text.js";
import { relative } from "./time.js";
import { uuid7 } from "./uuid.js";
import { verify } from "./verify.js";

/** A text beyond this is not looked at. */
const MOST = 1 << 20;
const LARGE = 20000;
const NAMES = ["header", "claims", "signature"];

/** The tool: what was pasted, which of its tokens is shown, and which question is the latest. */
export class TokenTool {
  constructor() {
    this.paste = field("paste");
    this.key = field("key");
    this.chosen = this.turn = this.waiting = 0;
    /** @type {jose.Token | null} */
    this.token = null;
    fill($("key-alg"), h("option", { value: "" }, "what the key says"), ...OURS.map((alg) => h("option", {}, alg)));
    onInput(["paste"], () => this.pasted());
    onInput(
      ["key", "key-form", "key-alg"],
      () => this.token && this.token.kind !== "none" && void this.judge(this.token),
    );
    $("example").addEventListener("click", () => void this.example());
    setInterval(tick, 1000);
  }

  pasted() {
    this.chosen = 0;
    clearTimeout(this.waiting);
    if (this.paste.value.length < LARGE) return this.decode();
    this.waiting = setTimeout(() => this.decode(), 120); // a keystroke never waits for a large token
  }

  decode() {
    const found = this.paste.value.length > MOST ? [] : jose.find(this.paste.value);
    this.chosen = Math.min(this.chosen, Math.max(0, found.length - 1));
    this.token = found.length ? jose.read(found[this.chosen].token) : null;
    this.showChoice(found);
    this.show();
  }

  show() {
    const { token } = this,
      nothing = !token || token.kind === "none";
    $("blank").hidden = Boolean(token);
    $("reading").hidden = $("anatomy").hidden = nothing;
    this.turn++;
    if (!token) {
      $("verdict").className = "verdict";
      return fill($("verdict"), this.paste.value.length > MOST && "More than a million characters: that is no token.");
    }
    const credential = jose.sessionCredential(token.token);
    if (credential) return showCredential(credential);
    showDecoded($("verdict"), token);
    if (!nothing) this.read(token, Date.now() / 1000);
  }

  /** @param {jose.Token} token @param {number} now */
  read(token, now) {
    const [head, body] = token.segments,
      mark = this.mark.bind(this);
    showWire(token);
    showTimes($("timeline"), body.document?.root, now);
    showMembers($("header-members"), "header", head, now, mark);
    if (token.kind === "jws") showMembers($("payload-members"), "payload", body, now, mark);
    else fill($("payload-members"), h("p", { class: "hint" }, "Encrypted."));
    void this.judge(token);
  }

  /** Findings and verdict; given up where the fields have changed meanwhile.
   * @param {jose.Token} token */
  async judge(token) {
    const mine = ++this.turn,
      now = Date.now() / 1000,
      given = this.key.value.trim();
    $("findings").setAttribute("aria-busy", "true");
    const alg = this.assumed(json.members(token.segments[0].document?.root).get("alg")?.string ?? "");
    const form = /** @type {"auto"} */ (field("key-form").value);
    const ring =
      given && crypto.subtle ? await keys.read(this.key.value, { form, alg: field("key-alg").value || alg }) : null;
    const verdict = ring && (await verify(token.token, ring)),
      found = await findingsOf(token, ring, given, now);
    if (mine !== this.turn) return;
    $("findings").setAttribute("aria-busy", "false");
    showFindings($("findings"), found);
    if (!verdict) return showDecoded($("verdict"), token);
    if (alg && !ring.keys[0]?.secret && !field("key-alg").value)
      verdict.notes.push(
        `The PEM does not say that it is for ${alg}; that was taken from the token. Whoever verifies has to know it beforehand.`,
      );
    showVerdict($("verdict"), token, verdict, now);
  }

  /** The algorithm of a key that cannot say it itself, a secret or RSA in PEM, as the token has it.
   * @param {string} alg */
  assumed(alg) {
    const text = this.key.value.trim(),
      fits = text.includes("-----BEGIN ") ? /^(RS|PS)/.test(alg) : /^HS/.test(alg);
    return text[0] !== "{" && fits && ALGORITHMS.has(alg) ? alg : "";
  }

  /** @param {jose.Found[]} found */
  showChoice(found) {
    $("choice").hidden = found.length < 2;
    if (found.length < 2) return fill($("choice"));
    const options = found.map((one, i) =>
      h(
        "label",
        {},
        h("input", { type: "radio", name: "found", checked: i === this.chosen, onchange: () => this.choose(one, i) }),
        ` ${one.where}`,
      ),
    );
    fill($("choice"), h("fieldset", {}, h("legend", {}, `${counted(found.length, "token")} in there`), ...options));
  }

  /** @param {jose.Found} found @param {number} i */
  choose(found, i) {
    this.chosen = i;
    this.token = jose.read(found.token);
    this.show();
  }

  /** Mark the characters of the token that hold these characters of a document.
   * @type {import("./show-members.js").Mark} */
  mark(i, from, to, scroll) {
    const segment = this.token?.segments[i],
      text = $("wire").querySelector(`.part-${i}, .part-x`)?.firstChild;
    if (!segment?.document || !text || !("highlights" in CSS)) return;
    const said = segment.document.text,
      shown = text.textContent?.length ?? 0,
      range = new Range();
    const [start, end] = jose.characters(segment, jose.bytesBefore(said, from), jose.bytesBefore(said, to));
    range.setStart(text, Math.min(start - segment.start, shown));
    range.setEnd(text, Math.min(end - segment.start, shown));
    CSS.highlights.set("claim", new Highlight(range));
    if (scroll) $("wire").scrollTop += range.getBoundingClientRect().top - $("wire").getBoundingClientRect().top - 40;
  }

  /** A token such as Limen issues, signed here by a key that is made for it. */
  async example() {
    const made = await generate("ES256"),
      publicJWK = made.publicJWK ?? {},
      kid = await thumbprint(publicJWK);
    const { header, claims } = template("ES256", kid, Date.now() / 1000 - 60, () => uuid7(Date.now()));
    this.key.value = named(publicJWK, "ES256", kid);
    this.paste.value = `Authorization: Bearer ${await signed(header, claims, "ES256", made.sign)}`;
    this.pasted();
  }

  /** @param {string} text a token of another tool */
  open(text) {
    this.paste.value = text;
    location.hash = "#token";
    this.pasted();
  }

  clear() {
    this.chosen = 0;
    for (const id of ["wire", "legend", "timeline", "header-members", "payload-members", "findings"]) fill($(id));
    if ("highlights" in CSS) CSS.highlights.clear();
    field("key-form").value = "auto";
    field("key-alg").value = "";
    this.decode();
  }
}

/** What there is to say about the token, and about the key where that is JSON.
 * @param {jose.Token} token @param {keys.Ring | null} ring @param {string} given @param {number} now */
async function findingsOf(token, ring, given, now) {
  const first = ring?.keys[0],
    expected = !ring || ring.isSet || !first?.alg ? null : first.alg;
  const secret = ring?.keys.find((one) => one.secret)?.secret ?? null;
  const found = await findings.token(token, { now, expected, secret }),
    about = given[0] === "{" ? json.read(given).root : null;
  if (!ring || about?.kind !== "object") return found;
  const ofKey = await findings.keys(about);
  return [...found, ...ofKey.filter((one) => !found.some((other) => other.id === one.id))];
}

/** @param {jose.Token} token */
function showWire(token) {
  fill($("wire"), parts(token));
  if ("highlights" in CSS) CSS.highlights.clear();
  const legend = token.segments.map((segment, i) => {
    const name = token.kind === "jws" ? NAMES[i] : ["header", "encrypted key", "vector", "ciphertext", "seal"][i];
    return h(
      "li",
      { class: token.kind === "jws" ? `part-${i}` : "part-x" },
      h("b", {}, name),
      ` ${(segment.bytes?.length ?? 0).toLocaleString("en")} B`,
    );
  });
  fill($("legend"), ...legend);
}

/** @param {{sid: string, generation: number}} credential */
function showCredential({ sid, generation }) {
  $("verdict").className = "verdict open";
  fill(
    $("verdict"),
    h("p", { class: "title" }, "A session credential of Limen."),
    h(
      "p",
      {},
      `Session ${sid}, generation ${generation}, opened ${relative(parseInt(sid.slice(0, 8) + sid.slice(9, 13), 16) / 1000, Date.now() / 1000)}.`,
    ),
    h(
      "p",
      {},
      "It is opaque: its seal can be checked by the server that made it and by nobody else. Whoever has it is signed in, so treat it like a password.",
    ),
  );
}

/** Moments in words go on with the time. */
function tick() {
  if (document.hidden) return;
  const now = Date.now() / 1000;
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".when"))) {
    const said = relative(Number(element.dataset.at), now);
    if (element.textContent !== said) element.textContent = said;
  }
}
