// The bar above the list: which batches it shows.

import { byId } from "./elements.js";
import * as format from "./format.js";

const statuses = {
  active: "validating,in_progress,finalizing,cancelling",
  completed: "completed",
  failed: "failed",
  expired: "expired",
  cancelled: "cancelled",
};

const idForm = /^batch_[0-9a-f]{32}$/;

export class FilterBar {
  #changed;

  /** What the list was last asked for: one change may come as several events. */
  #last;

  /** @param {() => void} changed called when another filter is set */
  constructor(changed) {
    this.#changed = changed;
    this.#last = this.#wanted;
    byId("filter").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#search();
    });
    byId("filter").addEventListener("change", () => this.#search());
    byId("filter-text").addEventListener("search", () => this.#search());
    byId("filter-clear").addEventListener("click", () => {
      byId("filter").reset();
      byId("filter-text").focus();
      this.#search();
    });
  }

  /** Takes the filter away without telling anybody. */
  clear() {
    byId("filter").reset();
    this.#last = this.#wanted;
  }

  get isSet() {
    return this.#parameters().length > 0;
  }

  /** What the API is asked for, behind other parameters. */
  get query() {
    return this.#parameters().map(([name, value]) => `&${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("");
  }

  /** An id is no filter, but the way to its batch. */
  #search() {
    const text = this.#text;
    if (idForm.test(text)) {
      byId("filter").reset();
      location.hash = `#/batches/${text}`;
    }

    if (this.#wanted !== this.#last) {
      this.#last = this.#wanted;
      this.#changed();
    }
  }

  get #wanted() {
    return JSON.stringify([byId("filter-status").value, byId("filter-time").value, this.#text]);
  }

  get #text() {
    return byId("filter-text").value.trim();
  }

  /** A text with "=" is a pair of the metadata, one that begins with "/" an endpoint, and any other a model. */
  #parameters() {
    const text = this.#text;
    const sign = text.indexOf("=");
    const status = byId("filter-status").value;
    const hours = Number(byId("filter-time").value);
    return [
      ...(status ? [["status", statuses[status]]] : []),
      ...(hours ? [["created_after", String(Math.floor(format.now() - hours * 3600))]] : []),
      ...(text === "" ? [] : sign > 0 ? [[`metadata[${text.slice(0, sign)}]`, text.slice(sign + 1)]] : [[text.startsWith("/") ? "endpoint" : "model", text]]),
    ];
  }
}
