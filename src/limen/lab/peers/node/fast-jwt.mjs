// fast-jwt in a hook of Fastify: ES256, every claim required; the verifier with and without its cache.

import { generateKeyPairSync } from "node:crypto";
import fastify from "fastify";
import { createSigner, createVerifier } from "fast-jwt";
import { ANSWER, PASSWORD } from "./people.mjs";

const ISSUER = "https://issuer.example";
const AUDIENCE = "https://api.example";

export const plain = () => made({});
export const cached = () => made({ cache: true });

export async function alone() {
  const app = fastify();
  app.get("/", async () => ANSWER);
  await app.ready();
  return app.server;
}

async function made(options) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const sign = createSigner({ key: privateKey, algorithm: "ES256", iss: ISSUER, aud: AUDIENCE, expiresIn: "1h" });
  const verify = createVerifier({
    key: publicKey,
    algorithms: ["ES256"],
    allowedIss: ISSUER,
    allowedAud: AUDIENCE,
    requiredClaims: ["iss", "aud", "sub", "exp", "iat"],
    ...options,
  });

  const app = fastify();
  app.decorateRequest("person", null);

  async function guard(request, reply) {
    const [scheme, token] = (request.headers.authorization ?? "").split(" ");
    try {
      if (scheme.toLowerCase() !== "bearer") throw new Error("no token");
      request.person = verify(token).sub;
    } catch (error) {
      return reply.code(401).send({ error: error.message });
    }
  }

  app.get("/", { preHandler: guard }, async (request) => ({ hello: request.person }));

  app.post("/login", async (request, reply) => {
    if (request.body.password !== PASSWORD) return reply.code(401).send({ error: "wrong" });
    return { access_token: sign({ sub: request.body.email }) };
  });

  await app.ready();
  return app.server;
}
