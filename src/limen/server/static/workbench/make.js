/** Tokens made: header and claims as written, checked while one types, signed by a key of the page. */

import * as b64 from "./b64.js";
import { sign } from "./algorithms.js";
import * as json from "./json.js";

/** @typedef {{at: number, words: string}} Problem */

/** What is wrong with the text of a header or of claims.
 * @param {"header" | "payload"} part @param {string} text @param {string} alg of the key @returns {Problem[]} */
export function problems(part, text, alg) {
  const { root, faults } = json.read(text);
  const found = faults.map(({ at, words }) => ({ at, words }));
  if (!root) return found;
  if (root.kind !== "object") return [{ at: 0, words: "this is no object: it must begin with { and end with }" }];
  const said = json.members(root),
    name = said.get("alg");
  if (part === "header" && name?.string !== alg)
    found.push({
      at: name?.start ?? 0,
      words: `the key is for ${alg}, and the header says ${name ? name.text : "nothing"}`,
    });
  return found;
}

/** The line and the column of a place, as editors count them.
 * @param {string} text @param {number} at */
export function lineOf(text, at) {
  const before = text.slice(0, at).split("\n");
  return `line ${before.length}, column ${(before.at(-1) ?? "").length + 1}`;
}

/** The token of header and claims, every byte of them as it was written but for white space between.
 * @param {string} header @param {string} claims @param {string} alg @param {CryptoKey} key */
export async function token(header, claims, alg, key) {
  const [head, body] = [header, claims].map((text) => b64.encode(b64.utf8(compact(text))));
  const signature = await sign(alg, key, b64.utf8(`${head}.${body}`));
  return `${head}.${body}.${b64.encode(signature)}`;
}

/** JSON without white space between its tokens; numbers and escapes stay as they are.
 * @param {string} text */
export function compact(text) {
  return text.replace(/"(?:[^"\\]|\\.)*"|[ \t\n\r]+/g, (found) => (found[0] === '"' ? found : ""));
}

/** Header and claims to begin with.
 * @param {string} alg @param {string} kid @param {number} now @param {() => string} id */
export function template(alg, kid, now, id) {
  const iat = Math.floor(now);
  const claims = {
    iss: "https://issuer.example",
    sub: id(),
    aud: "https://api.example",
    client_id: "web",
    iat,
    exp: iat + 900,
    jti: id(),
    scope: "read",
  };
  return { header: JSON.stringify({ alg, typ: "at+jwt", kid }, null, 2), claims: JSON.stringify(claims, null, 2) };
}

/** The id of a key: its RFC 7638 thumbprint.
 * @param {JsonWebKey} jwk */
export async function thumbprint(jwk) {
  const names =
    jwk.kty === "RSA"
      ? ["e", "kty", "n"]
      : jwk.kty === "EC"
        ? ["crv", "kty", "x", "y"]
        : jwk.kty === "OKP"
          ? ["crv", "kty", "x"]
          : ["k", "kty"];
  const members = Object.fromEntries(names.map((name) => [name, jwk[/** @type {keyof JsonWebKey} */ (name)]]));
  const digest = await crypto.subtle.digest("SHA-256", b64.utf8(JSON.stringify(members)));
  return b64.encode(new Uint8Array(digest));
}

/** A JWK with its algorithm and id, as it is published.
 * @param {JsonWebKey} jwk @param {string} alg @param {string} kid */
export function named(jwk, alg, kid) {
  return JSON.stringify({ ...jwk, alg, kid, use: "sig" }, null, 2);
}

/** A request that carries the token, for a shell and two languages.
 * @param {string} made */
export function requests(made) {
  const url = "http://127.0.0.1:8000/auth/session";
  return {
    JWT: made,
    curl: `curl ${url} \\\n  -H 'Authorization: Bearer ${made}'`,
    Python: `import urllib.request\n\nrequest = urllib.request.Request(\n    "${url}",\n    headers={"Authorization": "Bearer ${made}"},\n)\nprint(urllib.request.urlopen(request).read().decode())`,
    JavaScript: `const answer = await fetch("${url}", {\n  headers: { Authorization: "Bearer ${made}" },\n});\nconsole.log(await answer.json());`,
  };
}
