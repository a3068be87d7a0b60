// Asks for a key, and tells what is wrong with one that was refused.

import { byId } from "./elements.js";
import * as key from "./key.js";

export class KeyView {
  /** @param {() => void} onKey called once a key is kept */
  constructor(onKey) {
    byId("key-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const pasted = key.clean(byId("key").value);
      if (pasted === null) {
        this.refuse("That is no API key: it has spaces or letters that a key cannot have.");
        return;
      }

      byId("key").value = "";
      key.keep(pasted);
      onKey();
    });
  }

  show() {
    byId("key-view").hidden = false;
    document.title = "Batches";
    byId("key").focus();
  }

  hide() {
    byId("key-view").hidden = true;
    this.refuse("");
  }

  /** Says why a key will not do; nothing takes it back. */
  refuse(reason) {
    byId("key-error").textContent = reason;
    byId("key").setAttribute("aria-invalid", String(reason !== ""));
  }
}
