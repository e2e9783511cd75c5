// Access tokens of Limen, checked with jose: `npm install jose`.
import { createRemoteJWKSet, jwtVerify } from "jose";

const { ISSUER, AUDIENCE, ALGORITHMS = "ES256" } = process.env; // https://login.example · its LIMEN_AUDIENCE · its LIMEN_ALGORITHM
const keys = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`)); // an unknown key: once in 30 s

const options = {
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ALGORITHMS.split(","),
  typ: "at+jwt",
  clockTolerance: 5,
  maxTokenAge: "1d", // no access token lives longer; and with it `iat` is looked at
  requiredClaims: ["exp", "iat", "sub", "jti", "client_id"],
};

// The claims of a good access token; throws for any other.
export async function check(token) {
  return (await jwtVerify(token, keys, options)).payload;
}
