/**
 * Keys as people paste them (a secret, PEM, JWK, JWK set), read with the strictness of the server that imports
 * them: what it refuses is refused here with the same word. Nothing that a key points to is ever fetched.
 */

import { ALGORITHMS, fitting, OURS } from "./algorithms.js";
import * as b64 from "./b64.js";
import { bytesOf, fromPEM, integer } from "./der.js";
import { KID } from "./jose.js";
import * as json from "./json.js";
import { Refused } from "./refused.js";
import { checkEd25519, checkRSA, checkSecret } from "./weak.js";

/** @typedef {{kid: string | null, alg: string | null, jwk: JsonWebKey, secret: Uint8Array<ArrayBuffer> | null, label: string,
 *   refused: Refused | null, notes: string[]}} Key
 *   `alg`: the one algorithm that it belongs to. `refused`: why Limen would not import it; it may be usable for all that. */
/** @typedef {{keys: Key[], isSet: boolean, refused: Refused | null}} Ring */

const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth"];
const SIZES = { "P-256": 32, "P-384": 48, "P-521": 66, Ed25519: 32 };

/** The keys in a text. `alg` is the algorithm that whoever verifies has in his record; "" leaves it to the key.
 * @param {string} text @param {{form?: "auto" | "text" | "base64url" | "hex", alg?: string}} [how] @returns {Promise<Ring>} */
export async function read(text, { form = "auto", alg = "" } = {}) {
  const trimmed = text.trim();
  if (form === "auto" && trimmed.includes("-----BEGIN ")) return alone(await pem(trimmed, alg));
  const document = form === "auto" && trimmed[0] === "{" ? json.read(trimmed) : null;
  if (!document) return alone(await secretKey(secretBytes(text, form), alg));
  if (document.root?.kind !== "object" || document.faults.length) {
    const words = document.faults[0]?.words ?? "no object";
    return {
      keys: [],
      isSet: false,
      refused: new Refused("set_malformed", `this is no JSON that a key could be: ${words}`),
    };
  }
  const said = json.members(document.root),
    inner = said.get("keys");
  if (!inner) return alone(await fromJWK(said, alg));
  const sets = inner.items?.filter((one) => one.kind === "object").map(json.members);
  return sets
    ? ring(await Promise.all(sets.map((one) => fromJWK(one, ""))))
    : { keys: [], isSet: true, refused: new Refused("set_malformed", "its `keys` is no list") };
}

/** The bytes of a secret as it was typed.
 * @param {string} text @param {string} form @returns {Uint8Array<ArrayBuffer>} */
export function secretBytes(text, form) {
  const trimmed = text.trim();
  if (form === "base64url") return b64.lenient(trimmed) ?? new Uint8Array();
  if (form === "hex") return /^([0-9a-f]{2})*$/i.test(trimmed) ? bytesOf(trimmed) : new Uint8Array();
  return b64.utf8(text);
}

/** @param {Key} key @returns {Ring} */
function alone(key) {
  return { keys: [key], isSet: false, refused: key.refused };
}

/** Several keys together, by the server's rules for a set.
 * @param {Key[]} keys @returns {Ring} */
function ring(keys) {
  const kids = keys.map((key) => key.kid).filter((kid) => kid !== null);
  const secrets = keys.filter((key) => key.secret);
  let refused = secrets.length ? (keys.find((key) => key.refused)?.refused ?? null) : null;
  if (new Set(kids).size !== kids.length)
    refused ??= new Refused("kid_duplicate", "two keys of one set have the same `kid`");
  if (secrets.length && secrets.length < keys.length)
    refused ??= new Refused("set_mixed", "HS256 shares a set with no other algorithm");
  return { keys, isSet: true, refused };
}

/** @param {string} text @param {string} alg @returns {Promise<Key>} */
async function pem(text, alg) {
  try {
    const { jwk, from, isPrivate } = await fromPEM(text);
    const key = await checked(jwk, alg || null, null, `the key in PEM (${from})`);
    if (isPrivate)
      key.notes.push("This is a private key. Only its public half was used; do not paste it where you need not.");
    return key;
  } catch (error) {
    return {
      kid: null,
      alg: null,
      jwk: {},
      secret: null,
      label: "the key in PEM",
      refused: asRefused(error),
      notes: [],
    };
  }
}

/** @param {Uint8Array<ArrayBuffer>} secret @param {string} alg @param {string | null} [kid] @returns {Promise<Key>} */
async function secretKey(secret, alg, kid = null) {
  /** @type {Key} */
  const key = {
    kid,
    alg: alg || "HS256",
    jwk: { kty: "oct", k: b64.encode(secret) },
    secret,
    label: kid ? `the secret “${kid}”` : "the secret",
    refused: null,
    notes: [],
  };
  key.refused = await refusal(async () => {
    if (alg && alg !== "HS256") throw mismatch(alg);
    await checkSecret(secret);
  });
  return key;
}

/** @param {Map<string, json.Node>} said @param {string} asked @returns {Promise<Key>} */
async function fromJWK(said, asked) {
  /** @type {Record<string, unknown>} */
  const members = Object.create(null);
  for (const [name, node] of said) members[name] = node.kind === "string" ? node.string : node;
  const kid = said.get("kid"),
    text = (/** @type {string} */ name) =>
      typeof members[name] === "string" ? /** @type {string} */ (members[name]) : null;
  const label = kid?.kind === "string" ? `the key “${kid.string}”` : "the key";
  const isPrivate = PRIVATE.some((name) => said.has(name));
  if (text("kty") === "oct") return fromSecretJWK(said, text, asked);
  const named = said.get("alg"),
    own = !named || named.kind === "null" ? null : (named.string ?? "");
  const key = await checked(members, asked || own, text("kid"), label);
  if (asked && own !== null && own !== asked) key.refused ??= mismatch(asked);
  key.refused ??= await refusal(async () => checkKid(said));
  if (isPrivate)
    key.notes.push("This is a private key. Only its public half was used; do not paste it where you need not.");
  key.refused = (await refusal(async () => checkPurpose(said, isPrivate ? "sign" : "verify"))) ?? key.refused;
  return key;
}

/** @param {Map<string, json.Node>} said @param {(name: string) => string | null} text @param {string} asked */
async function fromSecretJWK(said, text, asked) {
  const k = text("k"),
    bytes = k === null ? null : b64.decode(k),
    alg = asked || text("alg") || "HS256";
  const key = await secretKey(bytes ?? new Uint8Array(), alg, text("kid"));
  key.refused =
    (await refusal(async () => {
      checkPurpose(said, "sign");
      if (alg !== "HS256" || (said.has("alg") && text("alg") !== "HS256")) throw mismatch(alg);
      if (!bytes)
        throw new Refused(k === null ? "member_missing" : "member_malformed", "its `k` is missing or not base64url");
    })) ??
    key.refused ??
    (await refusal(async () => checkKid(said)));
  return key;
}

/** @param {Map<string, json.Node>} said */
function checkKid(said) {
  const kid = said.get("kid");
  if (kid && kid.kind !== "null" && !(kid.kind === "string" && KID.test(kid.string ?? ""))) {
    throw new Refused("kid_malformed", "its `kid` is not 1 to 128 of A-Z a-z 0-9 . _ ~ -");
  }
}

/** Refused if `use` or `key_ops` keep the key for something else (RFC 7517 §4.2, §4.3).
 * @param {Map<string, json.Node>} said @param {string} operation */
function checkPurpose(said, operation) {
  const use = said.get("use"),
    operations = said.get("key_ops");
  if (use && use.string !== "sig")
    throw new Refused("use_mismatch", "its `use` is not `sig`: it was made for something else");
  if (operations && !operations.items?.some((one) => one.string === operation)) {
    throw new Refused("use_mismatch", `its \`key_ops\` do not name \`${operation}\``);
  }
}

/** The public key that the members say, with whatever Limen has against it.
 * @param {Record<string, unknown>} members @param {string | null} alg @param {string | null} kid @param {string} label @returns {Promise<Key>} */
async function checked(members, alg, kid, label) {
  const { kty, crv } = members;
  const names = kty === "RSA" ? ["n", "e"] : kty === "EC" ? ["crv", "x", "y"] : ["crv", "x"];
  const jwk = /** @type {JsonWebKey} */ ({ kty, ...Object.fromEntries(names.map((name) => [name, members[name]])) });
  const fits = typeof kty === "string" ? fitting(kty, typeof crv === "string" ? crv : "") : [];
  /** @type {Key} */
  const key = {
    kid,
    alg: alg ?? (fits.length === 1 || kty === "OKP" ? fits[0] : null),
    jwk,
    secret: null,
    label,
    refused: null,
    notes: [],
  };
  key.refused = await refusal(async () => {
    await checkMembers(members);
    const candidates = fits.filter((one) => OURS.includes(one) && (alg === null || one === alg));
    if (!candidates.length) throw mismatch(alg);
    if (candidates.length > 1)
      throw new Refused("alg_missing", "an RSA key must name its algorithm, RS256 or PS256, in `alg`");
    if (kid !== null && !KID.test(kid))
      throw new Refused("kid_malformed", "its `kid` is not 1 to 128 of A-Z a-z 0-9 . _ ~ -");
  });
  return key;
}

/** @param {Record<string, unknown>} members */
async function checkMembers(members) {
  const { kty, crv } = members;
  if (kty === "RSA") return checkRSA(number(members, "n"), number(members, "e"));
  if (kty !== "EC" && kty !== "OKP") throw new Refused("kty_unknown", "its `kty` is not RSA, EC or OKP");
  if (kty === "OKP" ? crv !== "Ed25519" : crv !== "P-256" && crv !== "P-384") {
    throw new Refused("curve_unknown", "its curve is not P-256, P-384 or Ed25519");
  }
  const size = SIZES[/** @type {"P-256"} */ (crv)],
    x = octets(members, "x", size);
  if (kty === "OKP") return checkEd25519(x);
  const y = octets(members, "y", size),
    how = { name: "ECDSA", namedCurve: /** @type {string} */ (crv) };
  try {
    await crypto.subtle.importKey("jwk", { kty, crv: how.namedCurve, x: b64.encode(x), y: b64.encode(y) }, how, false, [
      "verify",
    ]);
  } catch {
    throw new Refused("not_on_curve", `no point of ${crv}`);
  }
}

/** @param {Record<string, unknown>} members @param {string} name @param {number} [size] */
function octets(members, name, size) {
  const text = members[name];
  if (typeof text !== "string") throw new Refused("member_missing", `its \`${name}\` is missing or no text`);
  const flaw = b64.flaw(text),
    bytes = b64.decode(text);
  if (!bytes) throw new Refused("member_malformed", `its \`${name}\` is not base64url: ${flaw?.words}`);
  if (size !== undefined && bytes.length !== size) {
    throw new Refused("member_malformed", `its \`${name}\` has ${bytes.length} bytes and not ${size}`);
  }
  return bytes;
}

/** @param {Record<string, unknown>} members @param {string} name */
function number(members, name) {
  const bytes = octets(members, name);
  if (!bytes.length || bytes[0] === 0 || bytes.length > 1024) {
    throw new Refused("member_malformed", `its \`${name}\` is not the shortest form of a number`);
  }
  return integer(bytes);
}

/** @param {string | null} alg */
function mismatch(alg) {
  const foreign = alg && ALGORITHMS.has(alg) && !OURS.includes(alg);
  return new Refused(
    "alg_mismatch",
    foreign ? `it is for ${alg}, which Limen does not take` : "it does not belong to the algorithm that is named",
  );
}

/** What `check` refuses; null if nothing.
 * @param {() => Promise<void>} check */
async function refusal(check) {
  try {
    await check();
    return null;
  } catch (error) {
    return asRefused(error);
  }
}

/** @param {unknown} error */
function asRefused(error) {
  if (error instanceof Refused) return error;
  throw error;
}
