// Everything here makes a page better that is whole without it.
import { count } from "./count.js";
import { advise } from "./advice.js";
import { keepFresh } from "./fresh.js";
import { guard } from "./guard.js";
import { localise } from "./local.js";
import { reveal } from "./reveal.js";

for (const button of document.querySelectorAll("button.reveal")) {
  if (button instanceof HTMLButtonElement) reveal(button);
}
for (const field of document.querySelectorAll("input[data-advice]")) {
  if (field instanceof HTMLInputElement) advise(field);
}
for (const said of document.querySelectorAll("[data-count]")) {
  if (said instanceof HTMLElement) count(said);
}
for (const time of document.querySelectorAll("time[data-local]")) {
  if (time instanceof HTMLTimeElement) localise(time);
}
for (const form of document.querySelectorAll('form[method="post"]')) {
  if (form instanceof HTMLFormElement) guard(form);
}
keepFresh();
