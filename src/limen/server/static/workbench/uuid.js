/** UUIDs by RFC 9562: made, and taken apart. */

import { hex } from "./der.js";

/** @typedef {{uuid: string, version: number | null, variant: string, created: number | null, sequence: number | null,
 *   node: string | null, note: string}} Inspected */

const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** From 1582-10-15 to 1970-01-01 in tenths of a microsecond (§5.1). */
const GREGORIAN = 0x01b21dd213814000n;
/** @type {Record<number, string>} */
const NOTES = {
  1: "Time and node: it tells when and on which machine it was made.",
  2: "DCE security. Avoid.",
  3: "MD5 of a name: the same name gives the same id. Not random.",
  4: "Random: 122 bits. It tells nothing.",
  5: "SHA-1 of a name: the same name gives the same id. Not random.",
  6: "Time and node, in an order that sorts.",
  7: "Unix time in milliseconds, then 74 random bits. It sorts by creation, and tells it.",
  8: "A layout of whoever made it.",
};

/** A UUIDv4: 122 random bits (§5.4). */
export function uuid4() {
  return stamped(crypto.getRandomValues(new Uint8Array(16)), 4);
}

/** A UUIDv7 made at `now`, in milliseconds (§5.7).
 * @param {number} now */
export function uuid7(now) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let i = 5, left = Math.floor(now); i >= 0; i--, left = Math.floor(left / 256)) bytes[i] = left % 256;
  return stamped(bytes, 7);
}

/** @param {Uint8Array} bytes @param {number} version */
function stamped(bytes, version) {
  bytes[6] = (bytes[6] & 15) | (version << 4);
  bytes[8] = (bytes[8] & 63) | 128;
  return written(hex(bytes));
}

/** @param {string} digits */
export function written(digits) {
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The canonical text of a UUID that is written in another way (braces, URN, upper case, no hyphens); null for anything
 * that is none.
 * @param {string} text */
export function canonical(text) {
  const bare = text
    .trim()
    .replace(/^urn:uuid:/i, "")
    .replace(/^\{(.*)\}$/, "$1")
    .toLowerCase();
  const dashed = /^[0-9a-f]{32}$/.test(bare) ? written(bare) : bare;
  return CANONICAL.test(dashed) ? dashed : null;
}

/** What the bits of a canonical UUID say (§4, §5).
 * @param {string} uuid @returns {Inspected} */
export function inspect(uuid) {
  const digits = uuid.replaceAll("-", ""),
    octet = parseInt(digits.slice(16, 18), 16);
  const nothing = { uuid, version: null, created: null, sequence: null, node: null };
  if (/^0+$/.test(digits)) return { ...nothing, variant: "ncs", note: "The nil UUID (RFC 9562 §5.9)." };
  if (/^f+$/.test(digits)) return { ...nothing, variant: "future", note: "The max UUID (RFC 9562 §5.10)." };
  const variant = octet < 0x80 ? "ncs" : octet < 0xc0 ? "rfc9562" : octet < 0xe0 ? "microsoft" : "future";
  if (variant !== "rfc9562")
    return { ...nothing, variant, note: "Not of the RFC 9562 variant; its version is undefined." };
  const version = parseInt(digits[12], 16);
  return {
    uuid,
    version,
    variant,
    created: created(digits, version),
    sequence: version === 1 || version === 6 ? parseInt(digits.slice(16, 20), 16) & 0x3fff : null,
    node: [1, 2, 6].includes(version) ? (digits.slice(20).match(/../g) ?? []).join(":") : null,
    note: NOTES[version] ?? "A version that is reserved.",
  };
}

/** The moment in it, in seconds since 1970.
 * @param {string} digits @param {number} version */
function created(digits, version) {
  if (version === 7) return parseInt(digits.slice(0, 12), 16) / 1000;
  if (version !== 1 && version !== 6) return null;
  const [low, middle, high] = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(13, 16)];
  const ticks = BigInt(`0x${version === 1 ? high + middle + low : low + middle + high}`);
  return Number(ticks - GREGORIAN) / 1e7;
}
