/** Keys that are keys and yet protect nothing: the same checks that the server makes when it imports one. */

import * as known from "./known.js";
import { Refused } from "./refused.js";

const P = 2n ** 255n - 19n;
const D = mod(-121665n * power(121666n, P - 2n, P), P);
const ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/** y of the points of small order, under which one signature is good for every message. */
const SMALL_ORDER_Y = [0n, 1n, P - 1n, ORDER_8, P - ORDER_8];

/** Refused where these numbers are no RSA key worth trusting (RFC 7518 §3.3).
 * @param {bigint} modulus @param {bigint} exponent */
export function checkRSA(modulus, exponent) {
  const bits = modulus.toString(2).length;
  if (bits < 2048 || bits > 8192)
    throw new Refused("rsa_size", `an RSA modulus of ${bits.toLocaleString("en")} bits; it takes 2,048 or more`);
  if (exponent < 65537n || exponent % 2n === 0n || exponent.toString(2).length > 256) {
    throw new Refused("rsa_exponent", "an RSA exponent that is not odd and at least 65537");
  }
  const primes = firstPrimes();
  if (primes.some((prime) => modulus % BigInt(prime) === 0n))
    throw new Refused("rsa_modulus", "an RSA modulus with a small factor");
  if (primes.every((prime) => prime === 2 || powersOf65537(prime).has(Number(modulus % BigInt(prime))))) {
    throw new Refused("rsa_roca", "an RSA modulus of the broken generator of CVE-2017-15361 (ROCA)");
  }
  if (primesTooClose(modulus))
    throw new Refused("rsa_close_primes", "an RSA modulus of two primes close to each other");
}

/** Refused unless this is a point of large order in canonical form (RFC 8032 §5.1.3).
 * @param {Uint8Array} encoded */
export function checkEd25519(encoded) {
  let y = 0n;
  for (let i = 31; i >= 0; i--) y = (y << 8n) | BigInt(i === 31 ? encoded[i] & 127 : encoded[i]);
  if (SMALL_ORDER_Y.includes(y % P))
    throw new Refused("small_order", "an Ed25519 point of small order, under which anybody signs");
  const square = mod((y * y - 1n) * power(D * y * y + 1n, P - 2n, P), P);
  if (y >= P || power(square, (P - 1n) / 2n, P) > 1n) throw new Refused("not_on_curve", "no point of Ed25519");
}

/** Refused for an HMAC secret that can be guessed (RFC 7518 §3.2).
 * @param {Uint8Array<ArrayBuffer>} secret */
export async function checkSecret(secret) {
  if (secret.length < 32 || secret.length > 4096) {
    throw new Refused("secret_size", `a secret of ${secret.length.toLocaleString("en")} bytes; HS256 takes 32 or more`);
  }
  if (repeats(secret)) throw new Refused("secret_weak", "a secret that repeats itself");
  if (await known.contains(secret)) throw new Refused("secret_public", "a secret that stands in a public list");
}

/** Whether a secret is long and yet says little.
 * @param {Uint8Array} secret */
export function repeats(secret) {
  if (new Set(secret).size < 8) return true;
  for (let period = 1; period <= secret.length / 2; period++) {
    if (secret.length % period === 0 && secret.every((byte, i) => byte === secret[i % period])) return true;
  }
  return false;
}

/** The first 126 primes: those that every ROCA key of 1984 bits or more was made with. */
function firstPrimes() {
  /** @type {number[]} */
  const found = [];
  for (let n = 2; n < 702; n++) if (found.every((prime) => n % prime)) found.push(n);
  return found;
}

/** @param {number} prime */
function powersOf65537(prime) {
  const found = new Set();
  for (let n = 1; !found.has(n); n = (n * 65537) % prime) found.add(n);
  return found;
}

/** Whether Fermat's method factors the modulus in a few steps.
 * @param {bigint} modulus */
function primesTooClose(modulus) {
  const middle = root(modulus);
  for (let step = 0n; step < 100n; step++) {
    const square = (middle + step) ** 2n - modulus;
    if (square >= 0n && [0n, 1n, 4n, 9n].includes(square & 15n) && root(square) ** 2n === square) return true;
  }
  return false;
}

/** The integer square root. @param {bigint} n */
function root(n) {
  if (n < 2n) return n;
  let x = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const y = (x + n / x) >> 1n;
    if (y >= x) return x;
    x = y;
  }
}

/** @param {bigint} base @param {bigint} exponent @param {bigint} modulus */
function power(base, exponent, modulus) {
  let result = 1n;
  for (let b = mod(base, modulus); exponent > 0n; exponent >>= 1n, b = (b * b) % modulus) {
    if (exponent & 1n) result = (result * b) % modulus;
  }
  return result;
}

/** @param {bigint} n @param {bigint} modulus */
function mod(n, modulus) {
  return ((n % modulus) + modulus) % modulus;
}
