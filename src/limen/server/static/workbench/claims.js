/** Registered members of headers and claims (IANA registries of JOSE and JWT) in words. */

/** @type {Record<string, string>} */
const HEADER = {
  alg: "The algorithm. The key decides about it, never the token.",
  kid: "Which key signed it.",
  typ: "What kind of token this is.",
  cty: "What kind of content is inside; JWT means another token.",
  jku: "An address of a key set. Never fetched here, and by no careful server.",
  jwk: "A key that the token brings itself.",
  x5u: "An address of a certificate. Never fetched here, and by no careful server.",
  x5c: "A chain of certificates.",
  x5t: "The SHA-1 thumbprint of a certificate.",
  "x5t#S256": "The SHA-256 thumbprint of a certificate.",
  crit: "Extensions that whoever does not know them must refuse.",
  b64: "Whether the payload is base64url at all (RFC 7797).",
  enc: "How the content is encrypted.",
  zip: "The content is compressed.",
  epk: "The sender's key of this one encryption.",
  nonce: "A value that is used once.",
};

/** @type {Record<string, string>} */
const CLAIMS = {
  iss: "Who issued it.",
  sub: "Whom it is about.",
  aud: "Whom it is for: each service accepts only what names itself.",
  exp: "When it ends. Nobody accepts it from then on.",
  nbf: "When it begins. Nobody accepts it before.",
  iat: "When it was issued.",
  jti: "Its own id, unlike any other token's.",
  sid: "The session that it belongs to.",
  auth_time: "When the person last proved who they are.",
  amr: "How they proved it.",
  acr: "How surely they proved it.",
  azp: "The client that it was issued to.",
  client_id: "The client that asked for it.",
  scope: "What it allows.",
  nonce: "Ties an ID token to the request that asked for it.",
  at_hash: "Half the hash of the access token that came with it.",
  c_hash: "Half the hash of the code that came with it.",
  s_hash: "Half the hash of the state of the request.",
  cnf: "The key that whoever presents it must prove to hold.",
  act: "Who acts in the name of the subject.",
  may_act: "Who may act in the name of the subject.",
  events: "What has happened (a security event token).",
  toe: "When it happened.",
  txn: "The transaction that it belongs to.",
  roles: "Roles of the subject (SCIM).",
  groups: "Groups of the subject (SCIM).",
  entitlements: "What the subject is entitled to (SCIM).",
  status: "Where it says whether the token is still good.",
  strategy: "Limen's: the strategy that issued it.",
  name: "Full name.",
  given_name: "First name.",
  family_name: "Last name.",
  middle_name: "Middle name.",
  nickname: "What they are called.",
  preferred_username: "The name they sign in by; it may change.",
  profile: "The address of their profile.",
  picture: "The address of their picture.",
  website: "Their website.",
  email: "E-mail address.",
  email_verified: "Whether the address was proven to be theirs.",
  gender: "Gender.",
  birthdate: "Date of birth.",
  zoneinfo: "Their time zone.",
  locale: "Their language.",
  phone_number: "Telephone number.",
  phone_number_verified: "Whether the number was proven to be theirs.",
  address: "Postal address.",
  updated_at: "When their profile last changed.",
  htm: "The method of the request (DPoP).",
  htu: "The address of the request (DPoP).",
  ath: "The hash of the access token (DPoP).",
  vct: "The type of the credential (SD-JWT VC).",
  _sd: "Digests of claims that can be disclosed one by one (SD-JWT).",
  _sd_alg: "How those digests were made.",
};

/** @type {Record<string, string>} */
const AMR = {
  pwd: "password",
  otp: "one-time code",
  mfa: "several factors",
  hwk: "key in hardware",
  swk: "key in software",
  sms: "text message",
  face: "face",
  fpt: "fingerprint",
  pin: "PIN",
  user: "presence",
  pop: "proof of a key",
};
/** @type {Record<string, string>} */
const TYPES = {
  "at+jwt": "an access token (RFC 9068)",
  jwt: "any token",
  "dpop+jwt": "a DPoP proof (RFC 9449)",
  "logout+jwt": "a logout token (OpenID Connect)",
  "secevent+jwt": "a security event (RFC 8417)",
  "statuslist+jwt": "a status list",
  "token-introspection+jwt": "an answer of introspection (RFC 9701)",
  "dc+sd-jwt": "a verifiable credential",
};

/** Claims that are moments. */
export const TIMES = ["iat", "nbf", "auth_time", "exp"];
const MOMENTS = [...TIMES, "updated_at", "toe"];

/** What a member says, in words; "" for one that nobody registered.
 * @param {"header" | "payload"} part @param {string} name @param {import("./json.js").Node} node */
export function explain(part, name, node) {
  const said = Object.hasOwn(part === "header" ? HEADER : CLAIMS, name)
    ? (part === "header" ? HEADER : CLAIMS)[name]
    : "";
  if (name === "typ" && node.string !== undefined) {
    const type = TYPES[node.string.toLowerCase().replace(/^application\//, "")];
    return type ? `The token is ${type}.` : said;
  }
  if (name === "amr" && node.items) {
    const how = node.items.map((one) => AMR[one.string ?? ""] ?? one.text).join(", ");
    return `${said.slice(0, -1)}: ${how}.`;
  }
  return said;
}

/** Whether a claim is a moment, as the registries have it.
 * @param {string} name */
export function isTime(name) {
  return MOMENTS.includes(name);
}
