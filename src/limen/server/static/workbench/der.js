/** DER and PEM, as much as keys need: public and private keys of every wrapping, and certificates, as JWK. */

import * as b64 from "./b64.js";
import { Refused } from "./refused.js";

/** @typedef {{tag: number, whole: Uint8Array<ArrayBuffer>, content: Uint8Array<ArrayBuffer>}} Item */
/** @typedef {Record<string, unknown>} JWK */

const RSA = "2a864886f70d010101",
  EC = "2a8648ce3d0201",
  ED25519 = "2b6570";
/** DSA, X25519, X448, Ed448. */
const OTHERS = ["2a8648ce380401", "2b656e", "2b656f", "2b6571"];
/** @type {Record<string, [string, number]>} */
const CURVES = { "2a8648ce3d030107": ["P-256", 32], "2b81040022": ["P-384", 48], "2b81040023": ["P-521", 66] };
const LONGEST = 32768;
const PEM = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/;

/** The JWK of the first key in PEM, and whether that was a private one or in a certificate. Throws Refused.
 * @param {string} text @returns {Promise<{jwk: JWK, from: string, isPrivate: boolean}>} */
export async function fromPEM(text) {
  const found = PEM.exec(text.slice(0, LONGEST));
  const bytes = found && b64.lenient(found[2]);
  if (!found || !bytes)
    throw new Refused("pem_malformed", "this is no key in PEM: the text between its lines is not base64");
  const from = found[1];
  try {
    return { jwk: await unwrapped(from, bytes), from, isPrivate: from.includes("PRIVATE") };
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused("pem_malformed", `the “${from}” in this PEM is broken`);
  }
}

/** @param {string} label @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<JWK> | JWK} */
function unwrapped(label, bytes) {
  switch (label) {
    case "PUBLIC KEY":
      return fromSPKI(one(bytes));
    case "RSA PUBLIC KEY":
      return fromRSA(inside(one(bytes)), 0);
    case "RSA PRIVATE KEY":
      return fromRSA(inside(one(bytes)), 1);
    case "PRIVATE KEY":
      return fromPKCS8(bytes);
    case "EC PRIVATE KEY":
      return fromPKCS8(wrapSEC1(bytes));
    case "CERTIFICATE":
      return fromCertificate(one(bytes));
    case "ENCRYPTED PRIVATE KEY":
      throw new Refused("pem_malformed", "this private key is encrypted; paste the public one");
  }
  throw new Refused("pem_malformed", `“${label}” holds no key that signs tokens`);
}

/** @param {Item} spki @returns {JWK} */
function fromSPKI(spki) {
  const [algorithm, key] = inside(spki),
    [oid, parameters] = inside(algorithm),
    kind = hex(oid.content);
  const bits = key.content.subarray(1);
  if (key.content[0]) throw new Refused("pem_malformed", "its bits are not whole bytes");
  if (kind === RSA) return fromRSA(inside(one(bits)), 0);
  if (kind === ED25519) return { kty: "OKP", crv: "Ed25519", x: b64.encode(bits) };
  const curve = kind === EC ? CURVES[hex(parameters.content)] : undefined;
  if (!curve) throw unknown(kind);
  const [crv, size] = curve;
  if (bits[0] !== 4 || bits.length !== 1 + 2 * size)
    throw new Refused("pem_malformed", "its point is not written in full (04 ‖ x ‖ y)");
  return { kty: "EC", crv, x: b64.encode(bits.subarray(1, 1 + size)), y: b64.encode(bits.subarray(1 + size)) };
}

/** @param {string} kind */
function unknown(kind) {
  const reason = kind === EC ? "curve_unknown" : OTHERS.includes(kind) ? "kty_unknown" : "pem_malformed";
  return new Refused(reason, "it is of no kind or curve that signs tokens with Limen");
}

/** @param {Item[]} numbers @param {number} at @returns {JWK} */
function fromRSA(numbers, at) {
  const [n, e] = numbers.slice(at, at + 2).map((item) => b64.encode(unsigned(item.content)));
  return { kty: "RSA", n, e };
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function fromPKCS8(bytes) {
  const [, algorithm, key] = inside(one(bytes)),
    [oid, parameters] = inside(algorithm),
    kind = hex(oid.content);
  if (kind === RSA) return fromRSA(inside(one(key.content)), 1);
  const curve = CURVES[parameters ? hex(parameters.content) : ""]?.[0];
  if (kind !== ED25519 && !curve) throw unknown(kind);
  const how = kind === ED25519 ? { name: "Ed25519" } : { name: "ECDSA", namedCurve: curve };
  const imported = await crypto.subtle.importKey("pkcs8", bytes, how, true, ["sign"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", imported);
  return y === undefined ? { kty, crv, x } : { kty, crv, x, y };
}

/** @param {Uint8Array<ArrayBuffer>} sec1 */
function wrapSEC1(sec1) {
  const parameters = inside(one(sec1)).find((item) => item.tag === 0xa0);
  if (!parameters) throw new Refused("curve_unknown", "it does not name its curve");
  const algorithm = item(0x30, item(0x06, bytesOf(EC)), parameters.content);
  return item(0x30, item(0x02, new Uint8Array([0])), algorithm, item(0x04, sec1));
}

/** @param {Item} certificate */
function fromCertificate(certificate) {
  const fields = inside(inside(certificate)[0]).filter((field) => field.tag !== 0xa0);
  return fromSPKI(fields[5]);
}

/** r ‖ s of an ECDSA signature that is written as DER; null if it is not.
 * @param {Uint8Array<ArrayBuffer>} signature @param {number} half */
export function fromDERSignature(signature, half) {
  try {
    if (signature[0] !== 0x30) return null;
    const numbers = inside(one(signature)).map((item) => unsigned(item.content));
    if (numbers.length !== 2 || numbers.some((number) => number.length > half)) return null;
    const joined = new Uint8Array(2 * half);
    numbers.forEach((number, i) => joined.set(number, (i + 1) * half - number.length));
    return joined;
  } catch {
    return null; // whatever it is, it is no DER
  }
}

/** The one item that `bytes` is.
 * @param {Uint8Array<ArrayBuffer>} bytes */
function one(bytes) {
  const items = read(bytes);
  if (items.length !== 1) throw new RangeError("not one item");
  return items[0];
}

/** @param {Item} item */
function inside(item) {
  return read(item.content);
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Item[]} */
function read(bytes) {
  const items = [];
  for (let at = 0; at < bytes.length;) {
    let length = bytes[at + 1],
      head = 2;
    if (length & 0x80) {
      const count = length & 0x7f;
      if (!count || count > 4) throw new RangeError("a length that DER does not have");
      length = bytes.subarray(at + 2, at + 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
      head += count;
    }
    const end = at + head + length;
    if (!(end <= bytes.length)) throw new RangeError("it ends too early");
    items.push({ tag: bytes[at], whole: bytes.slice(at, end), content: bytes.slice(at + head, end) });
    at = end;
  }
  return items;
}

/** @param {number} tag @param {...Uint8Array} parts */
function item(tag, ...parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  const made = new Uint8Array(head.length + length);
  made.set(head);
  let at = head.length;
  for (const part of parts) {
    made.set(part, at);
    at += part.length;
  }
  return made;
}

/** @param {Uint8Array<ArrayBuffer>} number */
function unsigned(number) {
  let from = 0;
  while (from < number.length - 1 && number[from] === 0) from++;
  return number.subarray(from);
}

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The number that bytes are, the highest first.
 * @param {Uint8Array} bytes */
export function integer(bytes) {
  return BigInt(`0x0${hex(bytes)}`);
}

/** @param {string} text an even number of hexadecimal digits */
export function bytesOf(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
