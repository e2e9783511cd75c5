/** The signature algorithms (RFC 7518 §3, RFC 8037) on the browser's own cryptography. */

/** @typedef {{kty: string, how: RsaHashedImportParams | EcKeyImportParams | HmacImportParams | {name: string},
 *   check: AlgorithmIdentifier | RsaPssParams | EcdsaParams, size?: number}} Algorithm
 *   `size`: the bytes that a signature has, where the algorithm alone says it. */

/** @type {Map<string, Algorithm>} */
export const ALGORITHMS = new Map();
for (const bits of [256, 384, 512]) {
  const hash = `SHA-${bits}`;
  ALGORITHMS.set(`HS${bits}`, { kty: "oct", how: { name: "HMAC", hash }, check: "HMAC", size: bits / 8 });
  ALGORITHMS.set(`RS${bits}`, { kty: "RSA", how: { name: "RSASSA-PKCS1-v1_5", hash }, check: "RSASSA-PKCS1-v1_5" });
  ALGORITHMS.set(`PS${bits}`, {
    kty: "RSA",
    how: { name: "RSA-PSS", hash },
    check: { name: "RSA-PSS", saltLength: bits / 8 },
  });
  const namedCurve = `P-${bits === 512 ? 521 : bits}`,
    size = 2 * Math.ceil((bits === 512 ? 521 : bits) / 8);
  ALGORITHMS.set(`ES${bits}`, { kty: "EC", how: { name: "ECDSA", namedCurve }, check: { name: "ECDSA", hash }, size });
}
for (const name of ["EdDSA", "Ed25519"])
  ALGORITHMS.set(name, { kty: "OKP", how: { name: "Ed25519" }, check: "Ed25519", size: 64 });

/** What Limen takes. A key belongs to exactly one of them (RFC 8725 §3.1). */
export const OURS = ["ES256", "EdDSA", "RS256", "PS256", "ES384", "HS256"];

/** The algorithms that a key of this kind can be for.
 * @param {string} kty @param {string} [crv] */
export function fitting(kty, crv) {
  return [...ALGORITHMS]
    .filter(([, one]) => one.kty === kty && (!("namedCurve" in one.how) || one.how.namedCurve === crv))
    .map(([name]) => name);
}

/** Whether `signature` over `message` is this key's by `alg`.
 * @param {string} alg @param {JsonWebKey} jwk @param {Uint8Array<ArrayBuffer>} message @param {Uint8Array<ArrayBuffer>} signature */
export async function verifies(alg, jwk, message, signature) {
  const algorithm = ALGORITHMS.get(alg);
  if (!algorithm || algorithm.kty !== jwk.kty || (algorithm.size && signature.length !== algorithm.size)) return false;
  const key = await crypto.subtle.importKey("jwk", jwk, algorithm.how, false, ["verify"]);
  return crypto.subtle.verify(algorithm.check, key, signature, message);
}

/** The signature of `message` by a private key.
 * @param {string} alg @param {CryptoKey} key @param {Uint8Array<ArrayBuffer>} message */
export async function sign(alg, key, message) {
  const algorithm = ALGORITHMS.get(alg);
  if (!algorithm) throw new RangeError(`no algorithm ${alg}`);
  return new Uint8Array(await crypto.subtle.sign(algorithm.check, key, message));
}

/** A new key of one algorithm, for signing and for showing.
 * @param {string} alg @returns {Promise<{sign: CryptoKey, publicJWK: JsonWebKey | null, privateJWK: JsonWebKey}>} */
export async function generate(alg) {
  const algorithm = ALGORITHMS.get(alg);
  if (!algorithm) throw new RangeError(`no algorithm ${alg}`);
  const rsa = algorithm.kty === "RSA" ? { modulusLength: 3072, publicExponent: new Uint8Array([1, 0, 1]) } : {};
  const made = await crypto.subtle.generateKey({ ...algorithm.how, ...rsa }, true, ["sign", "verify"]);
  if (!("publicKey" in made)) return { sign: made, publicJWK: null, privateJWK: await exported(made) };
  return {
    sign: made.privateKey,
    publicJWK: await exported(made.publicKey),
    privateJWK: await exported(made.privateKey),
  };
}

/** @param {CryptoKey} key */
async function exported(key) {
  const { ext: _, key_ops: __, alg: ___, ...members } = await crypto.subtle.exportKey("jwk", key);
  return members;
}
