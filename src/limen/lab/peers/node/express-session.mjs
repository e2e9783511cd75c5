// express-session before Express 5, as both write it: with the memory store that it comes with (which its own
// documentation keeps out of production), and with connect-redis.

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import { createClient } from "redis";
import { ANSWER, PASSWORD } from "./people.mjs";

export const memory = () => made(new session.MemoryStore());

export async function redis(place) {
  const client = createClient({ url: place.redis });
  await client.connect();
  return made(new RedisStore({ client, prefix: "express:" }));
}

export function alone() {
  const app = express();
  app.get("/", (request, response) => response.json(ANSWER));
  return createServer(app);
}

function made(store) {
  const app = express();
  app.use(
    session({
      store,
      secret: randomBytes(32).toString("base64url"),
      resave: false,
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: "lax", maxAge: 3_600_000 },
    }),
  );

  app.get("/", (request, response) => {
    if (!request.session.person) return response.status(401).json({ error: "sign in" });
    response.json({ hello: request.session.person });
  });

  app.post("/login", express.json(), (request, response, next) => {
    if (request.body.password !== PASSWORD) return response.status(401).json({ error: "wrong" });
    request.session.regenerate((error) => {
      if (error) return next(error);
      request.session.person = request.body.email;
      request.session.save((failed) => (failed ? next(failed) : response.json({})));
    });
  });

  app.post("/logout", (request, response, next) => {
    request.session.destroy((error) => (error ? next(error) : response.json({})));
  });

  return createServer(app);
}
