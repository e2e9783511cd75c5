/**
 * The one thing that can leave the page: a token that its holder sends to the page's own server, after being told
 * what goes where. The policy allows a form to this one address; the page in one file has no part of this.
 */

import { $, h } from "./dom.js";
import { first } from "./main.js";

const ACTION = new URL("workbench/verdict", location.href).href;

/** The form exists while it is sent, and at no other time. */
function send() {
  const value = first.token?.token ?? "";
  const form = h(
    "form",
    { method: "post", action: ACTION, target: "_blank", rel: "noopener" },
    h("input", { type: "hidden", name: "token", value }),
  );
  document.body.append(form);
  form.submit();
  form.remove();
}

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("sending"));
$("address").textContent = ACTION;
$("ask").addEventListener("click", () => dialog.showModal());
for (const id of ["keep", "send"]) $(id).addEventListener("click", () => dialog.close());
$("send").addEventListener("click", send);
new MutationObserver(() => ($("why").hidden = !first.token)).observe($("blank"), { attributes: true });
