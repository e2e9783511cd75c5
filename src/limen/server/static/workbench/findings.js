/**
 * What is odd about a token or a key. The rules run here as `limen token lint` runs them on the server, under the
 * same ids; what they say is one table for both (rules.js is made from it).
 */

import * as b64 from "./b64.js";
import { OURS } from "./algorithms.js";
import { integer } from "./der.js";
import * as json from "./json.js";
import * as known from "./known.js";
import RULES from "./rules.js";
import { fold } from "./text.js";
import { spell } from "./time.js";
import { repeats } from "./weak.js";

/** @typedef {import("./json.js").Node} Node */
/** @typedef {Map<string, Node>} Said */
/** @typedef {{id: string, severity: "error"|"warning"|"notice", what: string, why: string, section: string, mend: string}} Finding */

const REGISTERED =
  "HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 ES256K EdDSA Ed25519 Ed448".split(" ");
const PLAIN = /^[A-Za-z0-9._~-]{1,128}$/;
const PATH = /\.\.|^[/~\\]|^[A-Za-z]:[/\\]|^[a-z][a-z0-9+.-]*:|[/\\]/;
const QUERY = /['";|&`$(){}*<>#\s]|--|\/\*/;
const MILLISECONDS = 1e11,
  LONG = 3600,
  VERY_LONG = 86400,
  SLACK = 60;
const EMAIL = /^[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}$/,
  LONGEST_EMAIL = 320;
const TOKEN = /^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\./;
const LOCAL = /^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\]|[^/:]+\.localhost)(:\d+)?(\/|$)/;
const COOKIE_MAX = 4096 - 96,
  HEADER_MAX = 8192,
  DEPTH = 8;
const ORDER = ["error", "warning", "notice"];

/** The finding of this id; `details` fill the places of its sentence.
 * @param {string} id @param {Record<string, string | number>} [details] @returns {Finding} */
export function find(id, details = {}) {
  const [severity, sentence, why, section, mend] = RULES.rules[id];
  const what = sentence.replace(/\{(\w+)(:,)?\}/g, (_, name, comma) =>
    comma ? Number(details[name]).toLocaleString("en") : String(details[name]),
  );
  return { id, severity, what, why, section, mend };
}

/** Everything there is to say about a token. `expected` is the algorithm in the record of its key, where that is known.
 * @param {import("./jose.js").Token} token @param {{now: number, expected?: string | null, secret?: Uint8Array<ArrayBuffer> | null}} about
 * @returns {Promise<Finding[]>} */
export async function token({ token: text, segments, flaws }, { now, expected = null, secret = null }) {
  const header = objectOf(segments[0]),
    claims = objectOf(segments[1]);
  const found = header ? [...headerFindings(header, expected)] : [];
  if (claims) found.push(...claimFindings(claims, now));
  if (flaws.some((flaw) => flaw.endsWith("_duplicate"))) found.push(find("duplicate_names"));
  for (const part of ["header", "payload", "signature"])
    if (flaws.includes(`${part}_malformed`)) found.push(find("form_malformed", { part }));
  const size = b64.utf8(text).length;
  if (size > HEADER_MAX) found.push(find("size_header", { size }));
  else if (size > COOKIE_MAX) found.push(find("size_cookie", { size }));
  if (secret && header) found.push(...(await secretFindings(secret, header.get("alg")?.string ?? "HS256")));
  return worstFirst(found);
}

/** @param {import("./jose.js").Segment | undefined} segment @returns {Said | null} */
function objectOf(segment) {
  const root = segment?.document?.root;
  return root?.kind === "object" ? json.members(root) : null;
}

/** @param {Finding[]} found */
function worstFirst(found) {
  return found.sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

/** A value as it may stand in a sentence.
 * @param {Node | string} value */
function quoted(value) {
  const text = typeof value === "string" ? JSON.stringify(value) : value.text;
  const plain = text.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return plain.length <= 60 ? plain : `${plain.slice(0, 60)}…`;
}

/** @param {Said} said @param {string | null} expected @returns {Generator<Finding>} */
function* headerFindings(said, expected) {
  yield* algorithm(said, expected);
  const typ = said.get("typ"),
    cty = said.get("cty"),
    kid = said.get("kid"),
    crit = said.get("crit");
  if (!typ) yield find("typ_missing");
  else if (typ.string === undefined || !PLAIN.test(typ.string.replace(/[/+]/g, "")))
    yield find("typ_malformed", { typ: quoted(typ) });
  else if (fold(typ.string).replace(/^application\//, "") === "jwt") yield find("typ_generic", { typ: quoted(typ) });
  yield* keyId(kid);
  for (const name of ["jku", "x5u"]) if (said.has(name)) yield find("header_url", { name });
  if (said.has("jwk")) yield find("header_key");
  for (const name of ["x5c", "x5t", "x5t#S256"]) if (said.has(name)) yield find("header_certificate", { name });
  if (crit) yield find(isExtensions(crit, said) ? "crit_present" : "crit_malformed", { crit: quoted(crit) });
  if (said.has("b64")) yield find("b64_false");
  if (said.has("enc")) yield find("encrypted");
  if (said.has("zip")) yield find("compressed");
  if (cty && fold(cty.string ?? cty.text).includes("jwt")) yield find("nested");
}

/** @param {Said} said @param {string | null} expected @returns {Generator<Finding>} */
function* algorithm(said, expected) {
  const node = said.get("alg"),
    alg = node?.string;
  if (!node) yield find("alg_missing");
  else if (alg === undefined) yield find("alg_malformed", { alg: quoted(node) });
  else if (said.has("enc")) {
    if (/^(RSA1_5$|PBES2-)/.test(alg)) yield find("alg_weak_encryption", { alg: quoted(node) });
  } else if (fold(alg.replace(/^[\0 \t\r\n]+|[\0 \t\r\n]+$/g, "")) === "none")
    yield find("alg_none", { alg: quoted(node) });
  else if (!REGISTERED.includes(alg)) yield find("alg_unknown", { alg: quoted(node) });
  else {
    if (alg.startsWith("HS")) yield find("alg_symmetric", { alg });
    if (!OURS.includes(alg)) yield find("alg_foreign", { alg });
  }
  if (expected !== null && alg !== undefined && alg !== expected)
    yield find("alg_confused", { alg: quoted(alg), expected });
}

/** @param {Node | undefined} kid @returns {Generator<Finding>} */
function* keyId(kid) {
  if (!kid) yield find("kid_missing");
  else if (!kid.string) yield find("kid_malformed", { kid: quoted(kid) });
  else if (!PLAIN.test(kid.string)) {
    yield find(QUERY.test(kid.string) ? "kid_injection" : PATH.test(kid.string) ? "kid_path" : "kid_malformed", {
      kid: quoted(kid),
    });
  } else if (kid.string.includes("..")) yield find("kid_path", { kid: quoted(kid) });
}

/** @param {Node} crit @param {Said} said */
function isExtensions({ items }, said) {
  if (!items?.length || items.some((one) => one.string === undefined)) return false;
  return (
    new Set(items.map((one) => one.string)).size === items.length && items.every((one) => said.has(one.string ?? ""))
  );
}

/** @param {Said} said @param {number} now @returns {Generator<Finding>} */
function* claimFindings(said, now) {
  yield* times(said, now);
  yield* named(said, "iss");
  const iss = said.get("iss")?.string,
    sub = said.get("sub")?.string;
  if (iss?.startsWith("http://") && !LOCAL.test(iss)) yield find("iss_plain_http");
  yield* audience(said.get("aud"));
  yield* named(said, "sub");
  if (sub && isAddress(sub)) yield find("sub_personal");
  yield* named(said, "jti");
  yield* content(said);
}

/** @param {Said} said @param {number} now @returns {Generator<Finding>} */
function* times(said, now) {
  /** @type {Map<string, number>} */
  const at = new Map();
  for (const name of ["exp", "nbf", "iat", "auth_time"]) {
    const node = said.get(name);
    if (!node) continue;
    const value = node.kind === "number" ? Number(node.text) : NaN,
      whole = /^-?\d+$/.test(node.text);
    if (!(value >= 0 && (whole || Number.isFinite(value)))) yield find("time_malformed", { name, value: quoted(node) });
    else if (value >= MILLISECONDS) yield find("time_milliseconds", { name });
    else at.set(name, value);
  }
  if (!said.has("exp")) yield find("exp_missing");
  if (!said.has("iat")) yield find("iat_missing");
  yield* lifetime(at, now);
  const exp = at.get("exp"),
    nbf = at.get("nbf") ?? 0,
    iat = at.get("iat") ?? 0;
  if (exp !== undefined && nbf >= exp) yield find("nbf_after_exp");
  else if (nbf > now + SLACK) yield find("nbf_future", { ahead: spell(nbf - now) });
  if (iat > now + SLACK) yield find("iat_future", { ahead: spell(iat - now) });
}

/** @param {Map<string, number>} at @param {number} now @returns {Generator<Finding>} */
function* lifetime(at, now) {
  const exp = at.get("exp"),
    iat = at.get("iat");
  if (exp === undefined) return;
  const lived = exp - (iat ?? at.get("nbf") ?? now),
    lifetime = spell(lived);
  if (iat !== undefined && exp <= iat) yield find("exp_before_iat");
  else if (lived > VERY_LONG) yield find("exp_very_long", { lifetime });
  else if (lived > LONG) yield find("exp_long", { lifetime });
  if (exp <= now) yield find("exp_past", { ago: spell(now - exp) });
}

/** @param {Node | undefined} aud @returns {Generator<Finding>} */
function* audience(aud) {
  if (!aud) return yield find("aud_missing");
  const everyone = aud.kind === "string" ? [aud] : aud.items;
  if (!everyone?.length || !everyone.every((one) => one.string)) yield find("aud_malformed", { value: quoted(aud) });
  else if (everyone.some((one) => one.string === "*")) yield find("aud_wildcard");
  else if (everyone.length > 1) yield find("aud_many", { count: everyone.length });
}

/** @param {Said} said @param {string} name @returns {Generator<Finding>} */
function* named(said, name) {
  const node = said.get(name);
  if (!node) yield find(`${name}_missing`);
  else if (!node.string) yield find(`${name}_malformed`, { value: quoted(node) });
}

/** @param {Said} said @returns {Generator<Finding>} */
function* content(said) {
  for (const [path, node] of leaves(said, "", 0)) {
    const word = fold(path.slice(path.lastIndexOf(".") + 1)).replace(/[^a-z]/g, ""),
      text = node.string ?? "";
    if (RULES.secret_words.includes(word) || text.includes("PRIVATE KEY-----") || TOKEN.test(text))
      yield find("secret_claim", { name: path });
    else if (RULES.personal_words.includes(word) || (path !== "sub" && isAddress(text)))
      yield find("personal_claim", { name: path });
  }
}

/** @param {string} text */
function isAddress(text) {
  return text.length <= LONGEST_EMAIL && EMAIL.test(text);
}

/** @param {Said} said @param {string} path @param {number} depth @returns {Generator<[string, Node]>} */
function* leaves(said, path, depth) {
  if (depth > DEPTH) return;
  for (const [name, node] of said) {
    const here = path ? `${path}.${name}` : name;
    yield [here, node];
    if (node.kind === "object") yield* leaves(json.members(node), here, depth + 1);
  }
}

/** What is wrong with a secret that signs by `alg`. Nothing of it is repeated.
 * @param {Uint8Array<ArrayBuffer>} raw @param {string} alg @returns {Promise<Finding[]>} */
export async function secretFindings(raw, alg) {
  const found = [],
    least = { HS384: 48, HS512: 64 }[alg] ?? 32;
  // Bytes as characters, one each: what the patterns below look for is ASCII.
  const text = Array.from(raw, (byte) => String.fromCharCode(byte)).join(""),
    trimmed = text.replace(/^[\t-\r ]+|[\t-\r ]+$/g, "");
  if ((await known.contains(raw)) || (await known.contains(Uint8Array.from(trimmed, (c) => c.charCodeAt(0)))))
    found.push(find("secret_public"));
  if (/^[\t-\r ]*(-----BEGIN (PUBLIC|RSA PUBLIC|CERT)|ssh-|ecdsa-sha2-)/.test(text))
    found.push(find("secret_is_public_key"));
  else if (raw.length < least) found.push(find("secret_short", { bytes: raw.length, alg, least }));
  else if (repeats(raw)) found.push(find("secret_repeats"));
  else if (/^[A-Za-z]+$/.test(text.replace(/[ _-]/g, "")) && (text === text.toLowerCase() || text.includes(" ")))
    found.push(find("secret_words"));
  return worstFirst(found);
}

/** What is wrong with a JWK, or with a set of them.
 * @param {Node} root @returns {Promise<Finding[]>} */
export async function keys(root) {
  const said = json.members(root),
    set = said.get("keys");
  if (!set) return worstFirst(await keyFindings(said));
  if (!set.items?.every((one) => one.kind === "object"))
    return [find("key_malformed", { problem: "`keys` is no list of objects" })];
  const each = set.items.map(json.members),
    found = (await Promise.all(each.map(keyFindings))).flat();
  const ids = each.flatMap((one) => one.get("kid")?.string ?? []),
    kinds = new Set(each.flatMap((one) => one.get("kty")?.string ?? []));
  for (const kid of new Set(ids.filter((one, i) => ids.indexOf(one) !== i)))
    found.push(find("key_kid_twice", { kid: quoted(kid) }));
  if (kinds.has("oct") && kinds.size > 1) found.push(find("key_mixed"));
  return worstFirst(found);
}

const FAMILIES = new Map(
  Object.entries({ RSA: ["RS", "PS"], EC: ["ES"], OKP: ["EdDSA", "Ed25519", "Ed448"], oct: ["HS"] }),
);
const NEEDED = new Map(Object.entries({ RSA: ["n", "e"], EC: ["crv", "x", "y"], OKP: ["crv", "x"], oct: ["k"] }));

/** @param {Said} said */
async function keyFindings(said) {
  const found = [],
    kty = said.get("kty"),
    alg = said.get("alg"),
    use = said.get("use"),
    operations = said.get("key_ops");
  const family = FAMILIES.get(kty?.string ?? "");
  if (!kty || !family) return [find("key_malformed", { problem: `\`kty\` is ${kty ? quoted(kty) : "missing"}` })];
  if (!alg || alg.kind === "null") found.push(find("key_alg_missing"));
  else if (!family.some((start) => alg.string?.startsWith(start)))
    found.push(find("key_alg_mismatch", { kty: kty.string ?? "", alg: quoted(alg) }));
  const signs =
    !operations ||
    operations.kind === "null" ||
    operations.items?.some((one) => one.string === "sign" || one.string === "verify");
  if ((use && use.string !== "sig") || !signs) found.push(find("key_use"));
  if (said.get("kid")?.string === undefined) found.push(find("key_kid_missing"));
  if (["d", "p", "q", "dp", "dq", "qi", "oth", "k"].some((name) => said.has(name))) found.push(find("key_private"));
  return [...found, ...(await material(kty.string ?? "", said, alg?.string ?? "HS256"))];
}

/** @param {string} kty @param {Said} said @param {string} alg @returns {Promise<Finding[]>} */
async function material(kty, said, alg) {
  /** @type {Map<string, Uint8Array<ArrayBuffer>>} */
  const raw = new Map();
  for (const name of NEEDED.get(kty) ?? []) {
    const text = said.get(name)?.string,
      bytes = text === undefined ? null : name === "crv" ? new Uint8Array() : b64.decode(text);
    if (!bytes) return [find("key_malformed", { problem: `\`${name}\` is missing or no base64url` })];
    raw.set(name, bytes);
  }
  const [k, n, e] = ["k", "n", "e"].map((name) => raw.get(name));
  if (k) return secretFindings(k, alg);
  return n && e ? rsa(integer(n), integer(e)) : [];
}

/** @param {bigint} modulus @param {bigint} exponent */
function rsa(modulus, exponent) {
  const found = [],
    bits = modulus.toString(2).length;
  if (bits < 2048) found.push(find("key_small", { bits: bits.toLocaleString("en") }));
  if (exponent < 65537n || exponent % 2n === 0n)
    found.push(find("key_exponent", { exponent: exponent < 65537n ? String(exponent) : "even" }));
  return found;
}
