/** Stored password hashes: what made them, at what cost, and what today's advice says (OWASP, NIST SP 800-63B-4). */

import { utf8 } from "./b64.js";
import { counted, figure } from "./text.js";

/** @typedef {{format: string, parameters: [string, string][], standing: "good"|"weak"|"bad", advice: string[]}} Hash */
/** @typedef {{scheme: "argon2id"|"bcrypt", ms: number, label: string, within: boolean}} Measured */

/** Passes → the least memory of argon2id in KiB (OWASP ASVS 5.0, appendix C). */
const ARGON2_MINIMA = /** @type {const} */ ({ 1: 47104, 2: 19456, 3: 12288 });
const SCRYPT_ENOUGH = [
  [1 << 17, 1],
  [1 << 16, 2],
  [1 << 15, 3],
  [1 << 14, 5],
  [1 << 13, 10],
];
/** @type {Record<string, number>} */
const PBKDF2_ENOUGH = { sha1: 1300000, sha256: 600000, sha512: 210000 };
const NO_KEY = "The digest inside has no key: a SHA-256 of the password that leaked elsewhere can be tried against it.";
const CUT =
  "bcrypt reads 72 bytes and no more: what follows them counts for nothing, and two long passwords with the same beginning are one.";

/** @type {[RegExp, (found: RegExpExecArray) => Hash][]} */
const FORMATS = [
  [/^(?:argon2)?\$argon2(id|i|d)(?:\$v=(\d+))?\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/, argon2],
  [/^(?:bcrypt\$)?\$2([abxy])\$(\d\d)\$([./A-Za-z0-9]{53})$/, (found) => bcrypt("bcrypt", +found[2], found[1])],
  [
    /^bcrypt_sha256\$\$2([ab])\$(\d\d)\$([./A-Za-z0-9]{53})$/,
    (found) => bcrypt("Django’s bcrypt_sha256", +found[2], "sha256"),
  ],
  [
    /^\$bcrypt-sha256\$v=2,t=2b,r=(\d+)\$([./A-Za-z0-9]{22})\$([./A-Za-z0-9]{31})$/,
    (found) => bcrypt("bcrypt-sha256, as Limen and passlib write it", +found[1], "hmac"),
  ],
  [
    /^\$bcrypt-sha256\$2[ab],(\d+)\$([./A-Za-z0-9]{22})\$([./A-Za-z0-9]{31})$/,
    (found) => bcrypt("passlib’s older bcrypt-sha256", +found[1], "sha256"),
  ],
  [/^pbkdf2_(sha1|sha256)\$(\d+)\$([^$]+)\$([A-Za-z0-9+/=]+)$/, (found) => pbkdf2("Django", found[1], +found[2])],
  [/^pbkdf2:(sha1|sha256|sha512):(\d+)\$([^$]+)\$([0-9a-f]+)$/, (found) => pbkdf2("Werkzeug", found[1], +found[2])],
  [
    /^\$pbkdf2(-sha256|-sha512|)\$(\d+)\$([A-Za-z0-9./]+)\$([A-Za-z0-9./]+)$/,
    (found) => pbkdf2("passlib", found[1].slice(1) || "sha1", +found[2]),
  ],
  [
    /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/,
    (found) => scrypt("passlib", 2 ** +found[1], +found[2], +found[3]),
  ],
  [/^scrypt:(\d+):(\d+):(\d+)\$([^$]+)\$([0-9a-f]+)$/, (found) => scrypt("Werkzeug", +found[1], +found[2], +found[3])],
  [
    /^scrypt\$(\d+)\$([^$]+)\$(\d+)\$(\d+)\$([A-Za-z0-9+/=]+)$/,
    (found) => scrypt("Django", +found[1], +found[3], +found[4]),
  ],
  [/^([0-9a-f]{32}):([0-9a-f]{128})$/, () => scrypt("Better Auth", 16384, 16, 1)],
  [
    /^\$firebase-scrypt\$ln=(\d+),r=(\d+)\$.*$/,
    (found) => scrypt("Firebase, in Limen’s layout", 2 ** +found[1], +found[2], 1),
  ],
];

/** What made a stored hash; null for a text of no known form.
 * @param {string} stored @returns {Hash | null} */
export function read(stored) {
  const text = stored.trim();
  for (const [form, made] of FORMATS) {
    const found = text.length <= 1024 ? form.exec(text) : null;
    if (found) return made(found);
  }
  return bare(text);
}

/** @param {RegExpExecArray} found @returns {Hash} */
function argon2([, variant, version = "16", memory, passes, lanes, salt, tag]) {
  const m = +memory,
    t = +passes,
    advice = [];
  const least = ARGON2_MINIMA[/** @type {1} */ (Math.min(Math.max(t, 1), 3))];
  if (variant !== "id")
    advice.push(`argon2${variant} resists either side channels or graphics cards, not both. Take argon2id.`);
  if (version !== "19") advice.push("Version 16 of argon2 has a known weakness (RFC 9106 is version 19).");
  if (m < least)
    advice.push(
      `With ${counted(t, "pass", "passes")} it needs at least ${figure(least)} KiB of memory (OWASP).`,
    );
  return {
    format: `argon2${variant}`,
    parameters: [
      ["memory", `${figure(m)} KiB`],
      ["passes", passes],
      ["lanes", lanes],
      ["version", version],
      ["salt", `${(salt.length * 3) >> 2} bytes`],
      ["digest", `${(tag.length * 3) >> 2} bytes`],
    ],
    standing: advice.length ? "weak" : "good",
    advice: advice.length ? advice : ["As OWASP advises today."],
  };
}

/** @param {string} format @param {number} cost @param {string} input @returns {Hash} */
function bcrypt(format, cost, input) {
  const plain = input.length === 1,
    advice = [];
  if (input === "x")
    advice.push(
      "$2x$ marks hashes of a version that mangled bytes over 127. Limen does not verify them: set a new password.",
    );
  if (cost < 12) advice.push(`A cost of ${cost} is below 12.`);
  if (plain) advice.push(CUT);
  if (input === "sha256") advice.push(NO_KEY);
  const given = plain
    ? "the first 72 bytes of the password"
    : input === "hmac"
      ? "HMAC-SHA-256 of the password under the salt"
      : "SHA-256 of the password";
  return {
    format,
    parameters: [
      ["cost", `${cost}, which is ${figure(2 ** cost)} rounds`],
      ["what it reads", given],
      ...(plain ? [/** @type {[string, string]} */ (["variant", `$2${input}$`])] : []),
    ],
    standing: input === "x" ? "bad" : advice.length ? "weak" : "good",
    advice: advice.length
      ? advice
      : ["Good: the HMAC before it takes a password of any length, and the cost is 12 or more."],
  };
}

/** @param {string} maker @param {string} hash @param {number} iterations @returns {Hash} */
function pbkdf2(maker, hash, iterations) {
  const enough = PBKDF2_ENOUGH[hash],
    weak = iterations < enough;
  return {
    format: `PBKDF2 with ${hash.toUpperCase().replace("SHA", "SHA-")}, as ${maker} writes it`,
    parameters: [["iterations", figure(iterations)]],
    standing: weak ? (iterations * 10 < enough ? "bad" : "weak") : "good",
    advice: [
      weak ? `OWASP asks for ${figure(enough)} iterations.` : "Enough iterations by OWASP.",
      "It needs no memory, so graphics cards try it cheaply: argon2id costs them more.",
    ],
  };
}

/** @param {string} maker @param {number} n @param {number} r @param {number} p @returns {Hash} */
function scrypt(maker, n, r, p) {
  const good = SCRYPT_ENOUGH.some(([enough, times]) => n >= enough && r >= 8 && p >= times);
  return {
    format: `scrypt, as ${maker} writes it`,
    parameters: [
      ["N", figure(n)],
      ["r", String(r)],
      ["p", String(p)],
      ["memory", `${figure((n * r) / 8)} KiB`],
    ],
    standing: good ? "good" : "weak",
    advice: [
      good ? "As OWASP advises today." : "OWASP asks for N = 131,072, r = 8, p = 1, or the like (less N with more p).",
    ],
  };
}

/** @param {string} text @returns {Hash | null} */
function bare(text) {
  /** @type {Record<number, string>} */
  const fast = { 32: "MD5 or NTLM", 40: "SHA-1", 64: "SHA-256", 96: "SHA-384", 128: "SHA-512" };
  const name = /^[0-9a-f]+$/i.test(text)
    ? fast[text.length]
    : /^\$1\$/.test(text)
      ? "md5crypt"
      : /^\$[56]\$/.test(text)
        ? "sha-crypt"
        : undefined;
  if (!name) return null;
  const advice =
    text[0] === "$"
      ? "Older than bcrypt. Limen does not verify it: set a new password."
      : "A plain digest without a salt: billions a second are tried. Nobody should store passwords like this.";
  return {
    format: `perhaps ${name}`,
    parameters: [["length", `${text.length} characters`]],
    standing: "bad",
    advice: [advice],
  };
}

/** What `limen hash calibrate --json` measured; null for other text.
 * @param {import("./json.js").Document_} document @returns {Measured[] | null} */
export function measured({ root }) {
  const data = (name = "") => root?.members?.find((member) => member.name === name)?.node;
  const rows = data("proposals")?.items ?? [];
  const found = rows.flatMap((row) => {
    const at = new Map((row.members ?? []).map(({ name, node }) => [name, node])),
      scheme = at.get("scheme")?.string,
      ms = Number(at.get("ms")?.text);
    if ((scheme !== "argon2id" && scheme !== "bcrypt") || !(ms >= 0)) return [];
    const said = new Map((at.get("settings")?.members ?? []).map(({ name, node }) => [name, Number(node.text)]));
    const [memory, passes, lanes] = ["memory_kib", "time_cost", "parallelism"].map(
      (name) => said.get(`argon2_${name}`) ?? 0,
    );
    const label =
      scheme === "bcrypt"
        ? `cost ${said.get("bcrypt_cost")}`
        : `${figure(memory)} KiB, ${counted(passes, "pass", "passes")}, ${counted(lanes, "lane", "lanes")}`;
    return [
      {
        scheme: /** @type {Measured["scheme"]} */ (scheme),
        ms,
        label: `${scheme}, ${label}`,
        within: at.get("within")?.text === "true",
      },
    ];
  });
  return found.length ? found : null;
}

/** Whether bcrypt would cut this password, and after which character.
 * @param {string} password */
export function cutByBcrypt(password) {
  const bytes = utf8(password);
  return { bytes: bytes.length, kept: new TextDecoder().decode(bytes.subarray(0, 72), { stream: true }).length };
}
