// Better Auth before Express, as its integration guide has it, on Node's own SQLite: with a read of the session
// for each request, and with its cookie cache (five minutes, its default).

import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { fromNodeHeaders, toNodeHandler } from "better-auth/node";
import express from "express";
import { ACCOUNTS, email, PASSWORD } from "./people.mjs";

export const session = (place) => made(place, {});
export const cached = (place) => made(place, { cookieCache: { enabled: true, maxAge: 3600 } });

// Hashes that cost nothing, as the lab's own: they are measured apart.
const digest = (password) => createHash("sha256").update(password).digest("hex");

async function made(place, options) {
  const database = new DatabaseSync(place.database);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  const auth = betterAuth({
    database,
    secret: randomBytes(32).toString("base64url"),
    baseURL: place.issuer,
    emailAndPassword: {
      enabled: true,
      autoSignIn: false,
      password: {
        hash: async (password) => digest(password),
        verify: async ({ hash, password }) => hash === digest(password),
      },
    },
    session: options,
    rateLimit: { enabled: false }, // everybody comes from one address
    telemetry: { enabled: false },
  });
  const { runMigrations } = await getMigrations(auth.options);
  await runMigrations();
  for (let number = 0; number < ACCOUNTS; number += 1) {
    await auth.api.signUpEmail({ body: { name: `Person ${number}`, email: email(number), password: PASSWORD } });
  }

  const app = express();
  app.all("/api/auth/*splat", toNodeHandler(auth));
  app.get("/", async (request, response) => {
    const found = await auth.api.getSession({ headers: fromNodeHeaders(request.headers) });
    if (!found) return response.status(401).json({ error: "sign in" });
    response.json({ hello: found.user.email });
  });
  return createServer(app);
}
