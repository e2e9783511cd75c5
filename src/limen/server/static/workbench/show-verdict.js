/** Whether the token is genuine, said so that nobody takes "decoded" for "verified". */

import { fill, h, visible } from "./dom.js";
import * as json from "./json.js";
import { relative } from "./time.js";

/** @typedef {import("./verify.js").Verdict} Verdict */
/** @typedef {import("./jose.js").Token} Token */

/** Say what is known before any key was given.
 * @param {HTMLElement} place @param {Token} token */
export function showDecoded(place, { kind }) {
  if (kind === "none")
    return say(place, "bad", "This is no token.", [
      "A token has three parts with a dot between, each of them base64url (RFC 7515 §7.1).",
    ]);
  if (kind === "jwe")
    return say(place, "open", "Encrypted.", [
      "Its header can be read; what is inside can be read only by who has the key (JWE, RFC 7516). Limen takes signed tokens alone.",
    ]);
  say(place, "open", "Decoded is not verified.", [
    "Anybody may have written this. Give the key of whoever signed it, and you will know.",
  ]);
}

/** @param {HTMLElement} place @param {Token} token @param {Verdict} verdict @param {number} now */
export function showVerdict(place, token, verdict, now) {
  const { signature, accepted, reason, words, notes, key } = verdict;
  const why = h("span", {}, visible(words), " ", reason && h("code", {}, reason));
  if (signature === "right" && accepted) {
    const [state, title, when] = whether(token, now);
    return say(place, state, title, [
      h("span", {}, "The signature is right by ", visible(key?.label ?? "the key"), ", and Limen takes it."),
      ...notes,
      when,
    ]);
  }
  if (signature === "right")
    return say(place, "bad", "The signature is right, and Limen refuses it all the same.", [why, ...notes]);
  if (signature === "wrong") return say(place, "bad", "Not verified: the signature is wrong.", [why, ...notes]);
  say(place, "bad", "Not verified.", [why, ...notes]);
}

/** What the times of a genuine token make of it.
 * @param {Token} token @param {number} now @returns {["good" | "warn", string, string]} */
function whether({ segments }, now) {
  const said = json.members(segments[1].document?.root),
    [exp, nbf] = ["exp", "nbf"].map((name) => Number(said.get(name)?.text));
  if (exp <= now)
    return ["warn", "Verified, and expired.", `It ended ${relative(exp, now)}: nobody accepts it any more.`];
  if (nbf > now)
    return ["warn", "Verified, and not good yet.", `It begins ${relative(nbf, now)}: nobody accepts it before.`];
  return ["good", "Verified.", "What it says still has to be checked by whoever takes it: issuer, audience and times."];
}

/** @param {HTMLElement} place @param {"open" | "good" | "warn" | "bad"} state @param {string} title @param {import("./dom.js").Child[]} sentences */
function say(place, state, title, sentences) {
  place.className = `verdict ${state}`;
  fill(place, h("p", { class: "title" }, title), ...sentences.map((sentence) => h("p", {}, sentence)));
}
