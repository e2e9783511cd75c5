// Answers questions about tokens with `jose` from npm: one JSON object a line in, one a line out.
import { createInterface } from "node:readline";
import { CompactSign, calculateJwkThumbprint, compactVerify, importJWK, jwtVerify, SignJWT } from "jose";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const answers = {
  async sign({ key, header, payload }) {
    const imported = await importJWK(key, header.alg);
    return new CompactSign(encoder.encode(payload)).setProtectedHeader(header).sign(imported);
  },
  async issue({ key, header, claims }) {
    return new SignJWT(claims).setProtectedHeader(header).sign(await importJWK(key, header.alg));
  },
  async verify({ key, token, alg }) {
    const { payload } = await compactVerify(token, await importJWK(key, alg), { algorithms: [alg] });
    return decoder.decode(payload);
  },
  async judge({ key, token, alg, issuer, audience, now }) {
    const options = { algorithms: [alg], issuer, audience, typ: "at+jwt", clockTolerance: 5 };
    options.requiredClaims = ["sub", "exp", "iat", "jti", "client_id"];
    options.currentDate = new Date(now * 1000);
    return (await jwtVerify(token, await importJWK(key, alg), options)).payload;
  },
  async thumbprint({ key }) {
    return calculateJwkThumbprint(key);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { ask, ...question } = JSON.parse(line);
  try {
    console.log(JSON.stringify({ answer: await answers[ask](question) }));
  } catch (error) {
    console.log(JSON.stringify({ refused: error.code ?? error.message }));
  }
}
