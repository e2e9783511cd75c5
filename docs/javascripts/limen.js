// What the theme makes in the browser, put right for those who do not see it: tables that scroll can be reached
// by keyboard, and the place of a button is no part of the page to be named.
const mend = () => {
  for (const one of document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])")) one.tabIndex = 0;
  for (const one of document.querySelectorAll("nav.md-code__nav:not([role])")) one.setAttribute("role", "presentation");
};
mend();
new MutationObserver(mend).observe(document.body, { childList: true, subtree: true });
