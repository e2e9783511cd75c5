/** One value in many texts: base64url, base64, hexadecimal, URL, JSON string, moment. */

import * as b64 from "./b64.js";
import { bytesOf, hex } from "./der.js";
import * as json from "./json.js";
import { epochUnit, isMoment, local, relative, utc } from "./time.js";

/** @typedef {{name: string, text: string}} Form */

/** What a text can be read as. */
export const READINGS = ["text", "base64url", "base64", "hex", "URL", "JSON string"];

/** The bytes that a text stands for; null if it does not.
 * @param {string} text @param {string} reading @returns {Uint8Array<ArrayBuffer> | null} */
export function bytes(text, reading) {
  const trimmed = text.trim();
  switch (reading) {
    case "base64url":
    case "base64":
      return /^[A-Za-z0-9+/_=\s-]*$/.test(trimmed) ? b64.lenient(trimmed) : null;
    case "hex": {
      const digits = trimmed.replace(/^0x|[\s:]/gi, "");
      return /^([0-9a-f]{2})*$/i.test(digits) ? bytesOf(digits) : null;
    }
    case "URL":
      return percentDecoded(trimmed);
    case "JSON string": {
      const { root, faults } = json.read(trimmed);
      return root?.string !== undefined && !faults.length ? b64.utf8(root.string) : null;
    }
  }
  return b64.utf8(text);
}

/** @param {string} text @returns {Uint8Array<ArrayBuffer> | null} */
function percentDecoded(text) {
  try {
    return b64.utf8(decodeURIComponent(text.replaceAll("+", " ")));
  } catch {
    return null; // a % that begins nothing, or bytes that are no UTF-8
  }
}

/** The bytes in every form; text only where they are text.
 * @param {Uint8Array<ArrayBuffer>} raw @returns {Form[]} */
export function forms(raw) {
  const text = textOf(raw),
    plain = b64.encode(raw),
    standard = plain.replaceAll("-", "+").replaceAll("_", "/");
  const found = [
    { name: "text", text: text ?? "" },
    { name: "base64url", text: plain },
    { name: "base64", text: standard + "=".repeat((4 - (standard.length % 4)) % 4) },
    { name: "hex", text: hex(raw) },
  ];
  if (text === null) return found.slice(1);
  const document = json.read(text),
    container = document.root?.members ?? document.root?.items;
  if (document.root && container) found.push({ name: "JSON, laid out", text: json.pretty(document.root) });
  return [
    ...found,
    { name: "URL", text: encodeURIComponent(text) },
    { name: "JSON string", text: JSON.stringify(text) },
  ];
}

/** @param {Uint8Array<ArrayBuffer>} raw */
function textOf(raw) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    return null; // bytes, and no text
  }
}

/** A moment in its forms: from a number of seconds, milliseconds or less, or from a date; none for other text.
 * @param {string} text @param {number} now @returns {Form[]} */
export function moments(text, now) {
  const trimmed = text.trim(),
    number = /^-?\d{1,20}(\.\d+)?$/.test(trimmed) ? Number(trimmed) : NaN;
  const [unit, size] = epochUnit(number);
  const seconds = Number.isNaN(number)
    ? /^\d{4}-\d\d/.test(trimmed)
      ? Date.parse(trimmed) / 1000
      : NaN
    : number / size;
  if (!isMoment(seconds)) return [];
  return [
    ...(size === 1 ? [] : [{ name: "it is counted in", text: unit }]),
    { name: "seconds since 1970", text: String(seconds) },
    { name: "UTC", text: utc(seconds) },
    { name: "here", text: local(seconds) },
    { name: "from now", text: relative(seconds, now) },
  ];
}
