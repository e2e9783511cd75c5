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

/** @returns {{clear: () => void, open: (token: string) => void}} */
export function tokenTool() {
  const paste = field("paste"), key = field("key");
  let chosen = 0, turn = 0, waiting = 0;
  /** @type {jose.Token | null} */
  let token = null;

  function decode() {
    const found = paste.value.length > MOST ? [] : jose.find(paste.value);
    chosen = Math.min(chosen, Math.max(0, found.length - 1));
    token = found.length ? jose.read(found[chosen].token) : null;
    showChoice(found);
    show(found[chosen]?.token ?? "");
  }

  /** @param {string} text */
  function show(text) {
    $("blank").hidden = Boolean(token);
    $("reading").hidden = !token || token.kind === "none";
    $("anatomy").hidden = !token || token.kind === "none";
    if (!token) {
      turn++;
      $("verdict").className = "verdict";
      return fill($("verdict"), paste.value.length > MOST && "More than a million characters: that is no token.");
    }
    const now = Date.now() / 1000, credential = jose.sessionCredential(text);
    showDecoded($("verdict"), token);
    if (credential) return showCredential(credential);
    if (token.kind === "none") return void turn++;
    showWire(token);
    showTimes($("timeline"), token.segments[1].document?.root, now);
    showMembers($("header-members"), "header", token.segments[0], now, mark);
    showMembers($("payload-members"), "payload", token.segments[1], now, mark);
    void judge(token, now);
  }

  /** Findings and verdict; given up where the fields have changed meanwhile.
   * @param {jose.Token} taken @param {number} now */
  async function judge(taken, now) {
    const mine = ++turn, given = key.value;
    $("findings").setAttribute("aria-busy", "true");
    const alg = json.members(taken.segments[0].document?.root).get("alg")?.string ?? "";
    const ring = given.trim() && crypto.subtle ? await keys.read(given, { form: form(), alg: asked(alg) }) : null;
    const verdict = ring && (await verify(taken.token, ring));
    const first = ring?.keys[0], expected = !ring || ring.isSet || !first?.alg ? null : first.alg;
    const found = await findings.token(taken, { now, expected, secret: ring?.keys.find((one) => one.secret)?.secret ?? null });
    const about = ring && given.trim()[0] === "{" ? json.read(given.trim()).root : null;
    if (about?.kind === "object") found.push(...(await findings.keys(about)).filter((one) => !found.some((other) => other.id === one.id)));
    if (mine !== turn) return;
    $("findings").setAttribute("aria-busy", "false");
    showFindings($("findings"), found);
    if (verdict) showVerdict($("verdict"), taken, verdict, now);
    else showDecoded($("verdict"), taken);
  }

  function form() {
    return /** @type {"auto"} */ (field("key-form").value);
  }

  /** The algorithm of the key's record: the one chosen, or for a bare RSA key or secret what the token says.
   * @param {string} alg */
  function asked(alg) {
    const chosenAlg = field("key-alg").value;
    if (chosenAlg) return chosenAlg;
    const text = key.value.trim(), bare = text[0] !== "{";
    const fits = text.includes("-----BEGIN ") ? /^(RS|PS)/.test(alg) : /^HS/.test(alg);
    return bare && fits && ALGORITHMS.has(alg) ? alg : "";
  }

  /** @param {jose.Found[]} found */
  function showChoice(found) {
    $("choice").hidden = found.length < 2;
    if (found.length < 2) return fill($("choice"));
    const options = found.map((one, i) => h("label", {}, h("input", { type: "radio", name: "found", checked: i === chosen, onchange: () => choose(i) }), ` ${one.where}`));
    fill($("choice"), h("fieldset", {}, h("legend", {}, `${counted(found.length, "token")} in there`), ...options));
  }

  /** @param {number} i */
  function choose(i) {
    chosen = i;
    const found = jose.find(paste.value);
    token = jose.read(found[i].token);
    show(found[i].token);
  }

  /** Mark the characters of the token that hold these characters of a document.
   * @type {import("./show-members.js").Mark} */
  function mark(i, from, to, scroll) {
    const segment = token?.segments[i], text = $("wire").querySelector(`.part-${i}, .part-x`)?.firstChild;
    if (!segment?.document || !text || !("highlights" in CSS)) return;
    const [start, end] = [from, to].map((at) => jose.bytesBefore(segment.document?.text ?? "", at));
    const [a, b] = jose.characters(segment, start, end), range = new Range();
    const shown = text.textContent?.length ?? 0;
    range.setStart(text, Math.min(a - segment.start, shown));
    range.setEnd(text, Math.min(b - segment.start, shown));
    CSS.highlights.set("claim", new Highlight(range));
    if (scroll) $("wire").scrollTop += range.getBoundingClientRect().top - $("wire").getBoundingClientRect().top - 40;
  }

  function clear() {
    chosen = 0;
    for (const id of ["wire", "legend", "timeline", "header-members", "payload-members", "findings"]) fill($(id));
    if ("highlights" in CSS) CSS.highlights.clear();
    field("key-form").value = "auto";
    field("key-alg").value = "";
    decode();
  }

  fill($("key-alg"), h("option", { value: "" }, "what the key says"), ...OURS.map((alg) => h("option", {}, alg)));
  onInput(["paste"], () => {
    chosen = 0;
    clearTimeout(waiting);
    if (paste.value.length < LARGE) return decode();
    waiting = setTimeout(decode, 120); // a keystroke never waits for a large token
  });
  onInput(["key", "key-form", "key-alg"], () => token && token.kind !== "none" && void judge(token, Date.now() / 1000));
  $("example").addEventListener("click", async () => {
    const made = await example();
    [paste.value, key.value] = [`Authorization: Bearer ${made.token}`, made.key];
    decode();
  });
  setInterval(tick, 1000);
  return { clear, open };

  /** @param {string} text */
  function open(text) {
    paste.value = text;
    location.hash = "#token";
    chosen = 0;
    decode();
  }
}

/** @param {jose.Token} token */
function showWire(token) {
  fill($("wire"), parts(token));
  if ("highlights" in CSS) CSS.highlights.clear();
  const legend = token.segments.map((segment, i) => {
    const name = token.kind === "jws" ? NAMES[i] : ["header", "encrypted key", "vector", "ciphertext", "seal"][i];
    return h("li", { class: token.kind === "jws" ? `part-${i}` : "part-x" }, h("b", {}, name), ` ${(segment.bytes?.length ?? 0).toLocaleString("en")} B`);
  });
  fill($("legend"), ...legend);
}

/** @param {{sid: string, generation: number}} credential */
function showCredential({ sid, generation }) {
  $("verdict").className = "verdict open";
  fill(
    $("verdict"),
    h("p", { class: "title" }, "A session credential of Limen."),
    h("p", {}, `Session ${sid}, generation ${generation}, opened ${relative(parseInt(sid.slice(0, 8) + sid.slice(9, 13), 16) / 1000, Date.now() / 1000)}.`),
    h("p", {}, "It is opaque: its seal can be checked by the server that made it and by nobody else. Whoever has it is signed in, so treat it like a password."),
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

/** A token such as Limen issues, signed here by a key that was made for it. */
async function example() {
  const made = await generate("ES256"), publicJWK = made.publicJWK ?? {}, kid = await thumbprint(publicJWK);
  const { header, claims } = template("ES256", kid, Date.now() / 1000 - 60, () => uuid7(Date.now()));
  return { token: await signed(header, claims, "ES256", made.sign), key: named(publicJWK, "ES256", kid) };
}
