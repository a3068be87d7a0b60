// What the page says to everybody: an error in a banner, news to those who do not see the page.

import { byId, make } from "./elements.js";

/** Shows an error until it is dismissed or the next one comes. */
export function showError(error) {
  const dismiss = make("button", { type: "button", class: "quiet", text: "Dismiss" });
  dismiss.addEventListener("click", hideError);
  byId("alert").replaceChildren(make("p", { text: error.message }), dismiss);
}

export const hideError = () => byId("alert").replaceChildren();

/** Tells screen readers, politely. */
export function say(text) {
  byId("said").textContent = text;
}
