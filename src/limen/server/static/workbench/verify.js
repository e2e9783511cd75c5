/**
 * Whether a token is what a key signed. Two answers, because they differ: is the signature right at all, and
 * would Limen take the token with this key. The second is the server's own order of checks with its own words;
 * the first looks further, so that it can say what is wrong: another key of the set, DER, another algorithm.
 */

import { ALGORITHMS, fitting, OURS, verifies } from "./algorithms.js";
import * as b64 from "./b64.js";
import { fromDERSignature } from "./der.js";
import * as jose from "./jose.js";
import * as json from "./json.js";
import * as known from "./known.js";

/** @typedef {import("./keys.js").Key} Key */
/** @typedef {import("./keys.js").Ring} Ring */
/** @typedef {{accepted: boolean, reason: string, words: string, signature: "right"|"wrong"|"unchecked", notes: string[], key: Key | null}} Verdict
 *   `reason` is the word in the server's log; "" where the token is accepted. */

/** @type {Record<string, string>} */
const WORDS = {
  token_too_large: "It has more than 8,192 bytes, which is more than fits a cookie or a header.",
  characters_wrong: "It has characters that no token has.",
  segments_wrong: "A token has three parts with a dot between.",
  header_malformed: "Its header is not canonical base64url of a JSON object.",
  header_duplicate: "A name stands twice in its header: two parsers would read two headers.",
  kid_malformed: "Its `kid` is not 1 to 128 of A-Z a-z 0-9 . _ ~ -",
  typ_wrong: "Its `typ` is no text.",
  kid_missing: "There are several keys, and the header names none.",
  kid_unknown: "The header names a key that is not in the set.",
  alg_not_of_key: "The key that the header names belongs to another algorithm.",
  signature_malformed: "Its signature is not canonical base64url.",
  signature_invalid: "The signature is not of this key over these bytes.",
  payload_malformed: "The signature is right, but the payload is not canonical base64url.",
};

/** @param {string} token @param {Ring} ring @returns {Promise<Verdict>} */
export async function verify(token, ring) {
  try {
    return await answer(jose.read(token), ring);
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "NotSupportedError") throw error;
    const words = "This browser cannot check such signatures: take a newer one, or `limen token verify`.";
    return { accepted: false, reason: "", words, signature: "unchecked", notes: [], key: null };
  }
}

/** @param {jose.Token} taken @param {Ring} ring @returns {Promise<Verdict>} */
async function answer(taken, ring) {
  const seen = look(taken);
  const reason = await judge(taken, seen, ring);
  const found = await explore(taken, seen, ring);
  if (ring.keys.some((key) => key.secret) && !(await known.isThere())) {
    found.notes.push("Whether the secret stands in a public list is not known: the list could not be loaded.");
  }
  const words = ring.refused ? `Limen refuses the key: ${ring.refused.message}.` : sentence(reason, seen, ring);
  return { accepted: reason === "", reason, words, ...found };
}

/** @typedef {{alg: string, kid: string | null, signed: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer>}} Seen */

/** @param {jose.Token} taken @returns {Seen} */
function look({ token, kind, segments }) {
  const said = json.members(kind === "jws" ? segments[0].document?.root : null);
  const alg = said.get("alg")?.string ?? "",
    kid = said.get("kid")?.string ?? null;
  const signed = b64.utf8(token.slice(0, token.lastIndexOf(".")));
  return { alg, kid, signed, signature: (kind === "jws" && segments[2].bytes) || new Uint8Array() };
}

/** The server's judgement: why it refuses, "" if it does not.
 * @param {jose.Token} taken @param {Seen} seen @param {Ring} ring */
async function judge({ token, kind, segments }, seen, ring) {
  if (ring.refused) return ring.refused.reason;
  if (token.length > jose.MAXIMUM_BYTES) return "token_too_large";
  if (/[^\x00-\x7f]/.test(token)) return "characters_wrong";
  if (kind !== "jws") return "segments_wrong";
  const fault = jose.headerFault(segments[0]);
  if (fault) return fault;
  const usable = ring.isSet
    ? ring.keys.filter((key) => key.kid !== null && !key.refused && !isPrivate(key))
    : ring.keys;
  if (!usable.some((key) => bound(key) === seen.alg)) return "alg_not_allowed";
  if (ring.isSet && seen.kid === null) return "kid_missing";
  if (ring.isSet && !jose.KID.test(seen.kid ?? "")) return "kid_malformed";
  const key = ring.isSet ? usable.find((one) => one.kid === seen.kid) : usable[0];
  if (!key) return "kid_unknown";
  if (bound(key) !== seen.alg) return "alg_not_of_key";
  if (segments[2].flaw) return "signature_malformed";
  if (!(await isRight(seen.alg, key, seen))) return "signature_invalid";
  return segments[1].flaw ? "payload_malformed" : "";
}

/** What can be found out beyond that.
 * @param {jose.Token} taken @param {Seen} seen @param {Ring} ring
 * @returns {Promise<{signature: Verdict["signature"], notes: string[], key: Key | null}>} */
async function explore(taken, seen, ring) {
  const notes = ring.keys.flatMap((key) => key.notes);
  const kty = ALGORITHMS.get(seen.alg)?.kty;
  if (taken.kind !== "jws" || !kty)
    return { signature: "unchecked", notes: [...notes, ...noAlgorithm(taken, seen)], key: null };
  const fits = ring.keys.filter((key) => fitting(key.jwk.kty ?? "", key.jwk.crv).includes(seen.alg));
  if (!fits.length) return { signature: "unchecked", notes: [...notes, ...wrongKind(seen, ring, kty)], key: null };
  const named = fits.filter((key) => key.kid === seen.kid),
    order = [...named, ...fits.filter((key) => !named.includes(key))];
  for (const key of order) {
    if (!(await isRight(seen.alg, key, seen))) continue;
    if (ring.isSet && key.kid !== seen.kid) notes.push(otherKey(seen, key, named.length > 0));
    if (!OURS.includes(seen.alg)) notes.push(`Limen does not take ${seen.alg}; it keeps to ${OURS.join(", ")}.`);
    return { signature: "right", notes, key };
  }
  for (const key of order) notes.push(...(await hints(seen, key)));
  return { signature: "wrong", notes: [...new Set(notes)], key: order[0] };
}

/** @param {string} reason @param {Seen} seen @param {Ring} ring */
function sentence(reason, seen, ring) {
  if (reason.endsWith("_refused"))
    return `Its header has \`${reason.slice(0, -8)}\`, which would change what the token means or bring its own key.`;
  if (reason !== "alg_not_allowed") return WORDS[reason] ?? "";
  const bounds = [...new Set(ring.keys.map(bound))].filter(Boolean).join(", ");
  return `The token says ${JSON.stringify(seen.alg)}, and the key is for ${bounds || "nothing that Limen verifies"}. The key decides (RFC 8725 §3.1).`;
}

/** @param {Key} key */
function bound(key) {
  return key.alg === "Ed25519" ? "EdDSA" : key.alg;
}

/** @param {Key} key */
function isPrivate(key) {
  return key.notes.length > 0;
}

/** @param {string} alg @param {Key} key @param {Seen} seen */
async function isRight(alg, key, seen) {
  try {
    return await verifies(alg, key.jwk, seen.signed, seen.signature);
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") throw error;
    return false; // the browser takes this key for none, and so does Limen: `refused` says why
  }
}

/** @param {jose.Token} taken @param {Seen} seen */
function noAlgorithm(taken, seen) {
  if (taken.kind === "jwe")
    return ["It is encrypted (JWE): what is inside cannot be seen, let alone verified, without its key."];
  if (/^\W*none\W*$/i.test(seen.alg))
    return ["Nothing is signed here: `alg` is none, and anybody can write such a token."];
  return [
    `${seen.alg ? `${JSON.stringify(seen.alg)} is no signature algorithm` : "The header names no algorithm"}, so there is nothing to check.`,
  ];
}

/** @param {Seen} seen @param {Ring} ring @param {string} kty */
function wrongKind(seen, ring, kty) {
  if (!ring.keys.length) return [];
  const given = ring.keys[0];
  if (kty === "oct")
    return [
      `The token says ${seen.alg}, and this is a public key. It is not used as a secret: that is how forgers have been let in (RFC 8725 §3.1).`,
    ];
  if (given.secret)
    return [`The token says ${seen.alg}: paste the public key of who signed it. A secret cannot check that.`];
  const curve = given.jwk.crv ? ` on ${given.jwk.crv}` : "";
  return [
    `Wrong kind of key: ${seen.alg} needs ${kty === "EC" ? `an EC key on P-${seen.alg.slice(2).replace("512", "521")}` : `a key of type ${kty}`}, and this is ${given.jwk.kty ?? "none"}${curve}.`,
  ];
}

/** @param {Seen} seen @param {Key} key @param {boolean} named */
function otherKey(seen, key, named) {
  const it = key.kid === null ? "a key without an id" : `“${key.kid}”`;
  if (named) return `Wrong key of the set: the header names “${seen.kid}”, and ${it} is the one that signed.`;
  return seen.kid === null
    ? `The header names no key; ${it} of the set signed it.`
    : `The header names “${seen.kid}”, which is not in the set; ${it} signed it.`;
}

/** What a wrong signature would be right as.
 * @param {Seen} seen @param {Key} key @returns {Promise<string[]>} */
async function hints(seen, key) {
  const { alg, signature } = seen,
    size = ALGORITHMS.get(alg)?.size,
    said = [];
  if (!signature.length) return ["There is no signature at all."];
  if (alg.startsWith("ES")) {
    const joined = fromDERSignature(signature, (size ?? 0) / 2);
    if (joined) {
      const right = await isRight(alg, key, { ...seen, signature: joined });
      return [
        `The signature is in DER, as OpenSSL writes it; a token has r ‖ s, ${size} bytes (RFC 7518 §3.4). ${right ? "Rewritten, it is this key's." : "Rewritten, it is not this key's either."}`,
      ];
    }
  }
  if (size && signature.length !== size)
    said.push(`A signature of ${alg} has ${size} bytes, and this one has ${signature.length}.`);
  for (const other of fitting(key.jwk.kty ?? "", key.jwk.crv)) {
    if (other !== alg && (await isRight(other, key, seen)))
      said.push(`It is right as ${other}: header and signature are of two algorithms.`);
  }
  if (key.secret) said.push(...(await otherReadings(seen, key.secret)));
  return said;
}

/** Other bytes that the same text of a secret may have stood for.
 * @param {Seen} seen @param {Uint8Array<ArrayBuffer>} secret */
async function otherReadings(seen, secret) {
  const text = new TextDecoder().decode(secret);
  /** @type {[string, Uint8Array<ArrayBuffer> | null][]} */
  const readings = [
    ["without the white space around it", text.trim() !== text ? b64.utf8(text.trim()) : null],
    ["with a line break at its end", b64.utf8(`${text}\n`)],
    ["decoded from base64", b64.lenient(text)],
    ["as the text that it is, not decoded", b64.utf8(b64.encode(secret))],
  ];
  for (const [how, bytes] of readings) {
    if (
      bytes?.length &&
      (await verifies(seen.alg, { kty: "oct", k: b64.encode(bytes) }, seen.signed, seen.signature))
    ) {
      return [`The secret is right ${how}.`];
    }
  }
  return [];
}
