/** The workbench: one tool is shown at a time; everything that was entered is gone when the page is left. */

import { $ } from "./dom.js";
import { compareTool } from "./tool-compare.js";
import { encodeTool } from "./tool-encode.js";
import { hashTool } from "./tool-hashes.js";
import { identifierTool } from "./tool-identifiers.js";
import { MakeTool } from "./tool-make.js";
import { TokenTool } from "./tool-token.js";

/** @type {NodeListOf<HTMLElement>} */
const TOOLS = document.querySelectorAll(".tool");

/** Show the tool that the address names by its fragment; the address never names anything else. */
function show() {
  const wanted = location.hash.slice(1),
    shown = [...TOOLS].find((tool) => tool.id === wanted) ?? TOOLS[0];
  for (const tool of TOOLS) tool.hidden = tool !== shown;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${shown.id}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${shown.querySelector("h1")?.textContent} · Limen workbench`;
  if (shown.id === "make") make.begin();
}

/** Empty every field and whatever was made of it. */
function forget() {
  for (const field of document.querySelectorAll("[data-private]")) /** @type {HTMLInputElement} */ (field).value = "";
  for (const tool of tools) tool.clear();
}

export const first = new TokenTool();
const make = new MakeTool((token) => first.open(token));
const tools = [first, make, compareTool(), encodeTool(), identifierTool(), hashTool()];

if (window.top !== window.self) {
  document.body.textContent = "The workbench is not shown inside another page.";
} else {
  $("insecure").hidden = Boolean(crypto.subtle);
  $("clear").addEventListener("click", forget);
  addEventListener("hashchange", show);
  addEventListener("pagehide", forget);
  forget(); // what a browser may have put back
  show();
}
