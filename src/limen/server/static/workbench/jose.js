/** Tokens: found in whatever was pasted, and taken apart without a check (RFC 7515, RFC 7516). */

import * as b64 from "./b64.js";
import { hex } from "./der.js";
import * as json from "./json.js";
import { written } from "./uuid.js";

/** @typedef {{start: number, text: string, flaw: b64.Flaw | null, bytes: Uint8Array<ArrayBuffer> | null, encoding: string,
 *   document: json.Document_ | null}} Segment `start` is where its text begins in the token. */
/** @typedef {{token: string, kind: "jws"|"jwe"|"none", segments: Segment[], flaws: string[]}} Token
 *   `flaws`: why its form alone keeps Limen from taking it, in the words of the server's log. */
/** @typedef {{token: string, where: string}} Found */

/** What fits a cookie or a header, with room. */
export const MAXIMUM_BYTES = 8192;
/** Members that would change what a token means, or bring its own key (RFC 8725 §3.10). */
export const REFUSED_MEMBERS = ["crit", "b64", "jku", "x5u", "jwk", "x5c", "zip", "enc", "epk", "p2c"];
/** What a key id may be where a set of keys is searched for it. */
export const KID = /^[A-Za-z0-9._~-]{1,128}$/;
const PLAIN = /^[A-Za-z0-9_.=+/-]*$/;
const MOST_FOUND = 50;

/** The tokens in a text of any kind, and where each stood.
 * @param {string} pasted @returns {Found[]} */
export function find(pasted) {
  const text = pasted.trim();
  if (!text) return [];
  const serialised = fromSerialisation(text);
  if (serialised) return [serialised];
  /** @type {Found[]} */
  const found = [];
  for (const { 0: run, index } of text.matchAll(/[A-Za-z0-9_.-]+/g)) {
    const token = trimmed(run);
    if (isToken(token) && !found.some((one) => one.token === token)) found.push({ token, where: place(text, index) });
    if (found.length === MOST_FOUND) break;
  }
  if (found.length === 1 && PLAIN.test(text) && text.includes(".")) return [{ token: text, where: "as pasted" }];
  if (found.length) return found;
  const bare = text.replace(/^(?:authorization\s*:)?\s*(?:bearer|dpop)\s+/i, "");
  return [{ token: bare, where: "as pasted" }];
}

/** Without the dots of the sentence around it; two of them may be its own, where the signature is empty.
 * @param {string} run */
function trimmed(run) {
  let from = 0,
    to = run.length,
    dots = run.split(".").length - 1;
  for (; run[from] === "."; from++) dots--;
  for (; dots > 2 && run[to - 1] === "."; to--) dots--;
  return run.slice(from, to);
}

/** @param {string} run */
function isToken(run) {
  const dots = run.split(".").length - 1;
  if (dots !== 2 && dots !== 4) return false;
  const head = b64.lenient(run.slice(0, run.indexOf(".")).slice(0, 4000));
  return head !== null && /^\s*\{\s*"/.test(String.fromCharCode(...head.subarray(0, 40)));
}

/** @param {string} text @param {number} index */
function place(text, index) {
  const before = text.slice(Math.max(0, index - 80), index);
  const named = /["']?([A-Za-z_][\w-]{0,40})["']?\s*[:=]\s*["']?(?:bearer\s+|dpop\s+)?$/i.exec(before);
  if (/(bearer|dpop)\s+$/i.test(before)) return "Authorization header";
  if (!named) return index === 0 ? "as pasted" : `at character ${(index + 1).toLocaleString("en")}`;
  const line = text.slice(text.lastIndexOf("\n", index) + 1, index);
  if (/cookie\s*:/i.test(line)) return `cookie ${named[1]}`;
  if (/[?&]$/.test(before.slice(0, named.index))) return `parameter ${named[1]}`;
  return `“${named[1]}”`;
}

/** A JWS in JSON, general or flattened, as its compact form.
 * @param {string} text @returns {Found | null} */
function fromSerialisation(text) {
  if (text[0] !== "{" || !text.includes('"payload"')) return null;
  const outer = json.members(json.read(text).root),
    first = json.members(outer.get("signatures")?.items?.[0]);
  const [head, body, tail] = ["protected", "payload", "signature"].map(
    (name) => (outer.get(name) ?? first.get(name))?.string,
  );
  if (head === undefined || body === undefined || tail === undefined) return null;
  return {
    token: `${head}.${body}.${tail}`,
    where: "a JWS in JSON, which Limen refuses: it takes the compact form alone",
  };
}

/** A token taken apart, as leniently as can be.
 * @param {string} token @returns {Token} */
export function read(token) {
  const texts = token.split(".", 7);
  const kind = texts.length === 3 ? "jws" : texts.length === 5 ? "jwe" : "none";
  let start = 0;
  const segments = texts.map((text, i) => {
    const made = segment(text, start, kind === "jws" ? i < 2 : i < 1);
    start += text.length + 1;
    return made;
  });
  return { token, kind, segments, flaws: kind === "jws" ? flaws(segments) : ["segments_wrong"] };
}

/** @param {string} text @param {number} start @param {boolean} isJSON @returns {Segment} */
function segment(text, start, isJSON) {
  const bytes = b64.lenient(text),
    flaw = b64.flaw(text);
  if (!isJSON || !bytes) return { start, text, flaw, bytes, encoding: "", document: null };
  const [said, encoding] = decodeText(bytes);
  const document = json.read(said);
  if (encoding !== "UTF-8")
    document.faults.unshift({
      code: "encoding",
      at: 0,
      words: `${encoding}, where only UTF-8 is allowed (RFC 8725 §3.7)`,
    });
  return { start, text, flaw, bytes, encoding, document };
}

/** Text of bytes in the encoding that they seem to have.
 * @param {Uint8Array<ArrayBuffer>} bytes @returns {[string, string]} */
function decodeText(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!/^.?\0/s.test(text))
      return text[0] === "\ufeff" ? [text.slice(1), "UTF-8 with a byte order mark"] : [text, "UTF-8"];
  } catch {
    // Not UTF-8: what it may be instead is found out below.
  }
  const [a, b] = bytes,
    little = (a === 0xff && b === 0xfe) || b === 0;
  if (little || (a === 0xfe && b === 0xff) || a === 0)
    return [new TextDecoder(little ? "utf-16le" : "utf-16be").decode(bytes), "UTF-16"];
  return [new TextDecoder("utf-8").decode(bytes), "broken UTF-8"];
}

/** @param {Segment[]} segments */
function flaws([head, body, tail]) {
  const found = [headerFault(head)];
  if (body.flaw || !body.document?.root || body.document.root.kind !== "object") found.push("payload_malformed");
  else found.push(faultOf(body.document.faults, "claims_duplicate", "payload_malformed"));
  if (tail.flaw) found.push("signature_malformed");
  return /** @type {string[]} */ (found.filter(Boolean));
}

/** Which of two refusals Python's parser comes to: it sees a half of a pair last, and anything else before a name
 * that stands twice.
 * @param {json.Fault[]} faults @param {string} duplicate @param {string} other */
function faultOf(faults, duplicate, other) {
  if (!faults.length) return "";
  const twice = faults.some((fault) => fault.code === "duplicate");
  return twice && faults.every((fault) => fault.code === "duplicate" || fault.code === "surrogate") ? duplicate : other;
}

/** Why Limen refuses this header, in the words of its log; "" if it does not.
 * @param {Segment} head @returns {string} */
export function headerFault(head) {
  const root = head.document?.root;
  if (head.flaw || !root || root.kind !== "object") return "header_malformed";
  const fault = faultOf(head.document?.faults ?? [], "header_duplicate", "header_malformed");
  if (fault) return fault;
  const said = json.members(root),
    kid = said.get("kid"),
    typ = said.get("typ");
  if (said.get("alg")?.kind !== "string") return "alg_not_allowed";
  const refused = REFUSED_MEMBERS.find((name) => said.has(name));
  if (refused) return `${refused}_refused`;
  if (kid && kid.kind !== "string") return "kid_malformed";
  return typ && typ.kind !== "string" ? "typ_wrong" : "";
}

/** The characters of a token that hold the bytes `from` to `to` of a segment.
 * @param {Segment} segment @param {number} from @param {number} to @returns {[number, number]} */
export function characters(segment, from, to) {
  const end = Math.min(segment.text.length, Math.ceil((to * 4) / 3));
  return [segment.start + Math.floor((from * 4) / 3), segment.start + end];
}

/** The bytes of UTF-8 in front of a character of a text.
 * @param {string} text @param {number} at */
export function bytesBefore(text, at) {
  return b64.utf8(text.slice(0, at)).length;
}

/** What a Limen session credential says (48 bytes: version, session, generation, secret, seal); null for other text.
 * @param {string} text @returns {{sid: string, generation: number} | null} */
export function sessionCredential(text) {
  const bytes = /^[A-Za-z0-9_-]{64}$/.test(text.trim()) ? b64.decode(text.trim()) : null;
  if (!bytes || bytes[0] !== 1 || bytes[7] >> 4 !== 7) return null;
  return { sid: written(hex(bytes.subarray(1, 17))), generation: new DataView(bytes.buffer).getUint32(17) };
}
