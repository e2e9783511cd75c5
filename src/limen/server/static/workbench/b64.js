/**
 * Base64url without padding, read so strictly that every value has exactly one text (RFC 7515 §2), and
 * leniently beside it, for looking at what somebody else wrote.
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/** What keeps a text from being base64url in its one right spelling.
 * @typedef {{code: "padding"|"alphabet"|"space"|"character"|"length"|"stray_bits", at: number, words: string}} Flaw */

/** The bytes of a text.
 * @param {string} text */
export function utf8(text) {
  return new TextEncoder().encode(text);
}

/** The text of `bytes`.
 * @param {Uint8Array} bytes */
export function encode(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b = 0, c = 0] = bytes.subarray(i, i + 3);
    const group = (a << 16) | (b << 8) | c;
    const some =
      ALPHABET[group >> 18] + ALPHABET[(group >> 12) & 63] + ALPHABET[(group >> 6) & 63] + ALPHABET[group & 63];
    text += i + 3 <= bytes.length ? some : some.slice(0, bytes.length - i + 1);
  }
  return text;
}

/** The first thing that is wrong with a text; null for base64url as `encode` writes it.
 * @param {string} text @returns {Flaw | null} */
export function flaw(text) {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 128 || VALUES[code] < 0) return oddCharacter(text[at], at);
  }
  if (text.length % 4 === 1) {
    return {
      code: "length",
      at: text.length - 1,
      words: "one character is left over: no bytes have a text of this length",
    };
  }
  const stray = [0, 0, 15, 3][text.length % 4];
  if (text && VALUES[text.charCodeAt(text.length - 1)] & stray) {
    const at = text.length - 1;
    return {
      code: "stray_bits",
      at,
      words: `the last character “${text[at]}” has bits set that no byte uses: not canonical (RFC 4648 §3.5)`,
    };
  }
  return null;
}

/** @param {string} character @param {number} at @returns {Flaw} */
function oddCharacter(character, at) {
  if (character === "=") return { code: "padding", at, words: "padding “=” stands where JWS has none (RFC 7515 §2)" };
  if (character === "+" || character === "/") {
    return { code: "alphabet", at, words: `“${character}” is of the alphabet of plain base64, not of base64url` };
  }
  if (/\s/.test(character)) return { code: "space", at, words: "white space inside" };
  const point = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  return { code: "character", at, words: `a character that base64url does not have (U+${point})` };
}

/** The bytes, or null unless the text is exactly what `encode` makes of them.
 * @param {string} text */
export function decode(text) {
  return flaw(text) ? null : lenient(text);
}

/** The bytes of base64 in either alphabet, padded or not, white space ignored; null if it is none.
 * @param {string} text @returns {Uint8Array<ArrayBuffer> | null} */
export function lenient(text) {
  const plain = text
    .replace(/[\s=]+/g, "")
    .replaceAll("+", "-")
    .replaceAll("/", "_");
  if (plain.length % 4 === 1) return null;
  const bytes = new Uint8Array((plain.length * 3) >> 2);
  let held = 0,
    bits = 0,
    at = 0;
  for (let i = 0; i < plain.length; i++) {
    const code = plain.charCodeAt(i),
      value = code < 128 ? VALUES[code] : -1;
    if (value < 0) return null;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >> bits;
    }
  }
  return bytes;
}
