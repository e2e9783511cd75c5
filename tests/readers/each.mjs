// Runs check.mjs over tokens: one a line in, one JSON object a line out.
import { createInterface } from "node:readline";
import { check } from "./check.mjs";

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify({ claims: await check(line) }));
  } catch (error) {
    console.log(JSON.stringify({ refused: String(error) }));
  }
}
