/**
 * Secrets that stand in public lists. The table is a module of its own and is loaded when the first HMAC secret
 * is given, by `import`, because the page may connect to nothing.
 *
 * It holds the first 37 bits of each secret's SHA-256, sorted, as differences in a Golomb-Rice code: a quotient
 * in unary, then 20 bits. One secret in about 1.3 million that is on no list is taken for one that is.
 */

import * as b64 from "./b64.js";

const BITS = 37,
  REST = 20;
/** @type {Promise<Float64Array> | null} */
let table = null;

/** Whether the table could be loaded; where it could not, nothing is known of any secret. */
export async function isThere() {
  return (await (table ??= load())).length > 0;
}

/** Whether everybody knows these bytes.
 * @param {Uint8Array<ArrayBuffer>} secret */
export async function contains(secret) {
  const sorted = await (table ??= load());
  if (!sorted.length) table = null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", secret));
  const wanted = digest.subarray(0, 5).reduce((sum, byte) => sum * 256 + byte, 0);
  return has(sorted, Math.floor(wanted / 2 ** (40 - BITS)));
}

/** The table; an empty one where the server that it would come from is gone. */
async function load() {
  const here = typeof document === "undefined" ? null : document.getElementById("known-secrets");
  try {
    const text = here?.textContent ?? (await import("./known-secrets.js")).default;
    return unpack(/** @type {Uint8Array} */ (b64.lenient(text)));
  } catch {
    return new Float64Array();
  }
}

/** The numbers of a Golomb-Rice code: their count in four bytes, then the bits.
 * @param {Uint8Array} packed */
export function unpack(packed) {
  const count = new DataView(packed.buffer).getUint32(0),
    numbers = new Float64Array(count);
  let at = 32,
    last = 0;
  const bit = () => (packed[at >> 3] >> (7 - (at++ & 7))) & 1;
  for (let i = 0; i < count; i++) {
    let gap = 0;
    while (bit()) gap++;
    for (let k = 0; k < REST; k++) gap = gap * 2 + bit();
    last += gap;
    numbers[i] = last;
  }
  return numbers;
}

/** @param {Float64Array} sorted @param {number} wanted */
function has(sorted, wanted) {
  let low = 0,
    high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === wanted;
}
