// One peer in a process of its own: `node serve.mjs MODULE KIND`. Told by stdin where to listen, line by line in
// JSON, and asked there for its processor time; it ends when stdin does.

import { createInterface } from "node:readline";

process.env.NODE_ENV = "production"; // before any library is loaded

const [module, kind] = process.argv.slice(2);
const say = (answer) => process.stdout.write(JSON.stringify(answer) + "\n");

const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function start(told) {
  const place = {
    database: told.database.replace("sqlite:///", ""),
    redis: told.sessions,
    issuer: told.issuer,
  };
  const makers = await import(`./${module}.mjs`);
  const server = await makers[kind](place);
  await new Promise((resolve) => server.listen({ fd: told.fd }, resolve));
  return { ready: true };
}

let started = false;
for await (const line of createInterface({ input: process.stdin })) {
  if (started) {
    say({ cpu: cpu(), operations: {} });
  } else {
    say(await start(JSON.parse(line)));
    started = true;
  }
}
process.exit(0);
