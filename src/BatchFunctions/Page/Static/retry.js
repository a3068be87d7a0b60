// Sending what a batch has left over once more: the button, the question, and the links between batches.

import * as api from "./api.js";
import { isActive, leftOf, shortIdOf } from "./batch.js";
import { byId, hold, make, takeAnswer } from "./elements.js";
import * as format from "./format.js";

export class Retry {
  #id = null;
  #report;

  /** By batch the key of a retry whose answer has not come: all tries make one batch. */
  #keys = new Map();

  constructor(report) {
    this.#report = report;
    byId("batch-retry").addEventListener("click", () => byId("retry-dialog").showModal());
    byId("retry-dialog").addEventListener("close", () => this.#ask());
  }

  show(batch) {
    this.#id = batch.id;
    const left = leftOf(batch);
    byId("batch-retry").hidden = isActive(batch) || left === 0;
    byId("batch-retry").textContent = left ? `Retry ${format.lines(left)}` : "Retry batch";
    byId("retry-title").textContent = left ? `Send ${format.lines(left)} once more?` : "Send this batch once more?";
  }

  hide() {
    this.#id = null;
    byId("batch-retry").hidden = true;
    byId("retry-dialog").close();
  }

  async #ask() {
    if (!takeAnswer(byId("retry-dialog"), "retry")) {
      return;
    }

    const id = this.#id;
    this.#keys.set(id, this.#keys.get(id) ?? api.newKey());
    try {
      const batch = await hold(byId("batch-retry"), () => api.retryBatch(id, this.#keys.get(id)));
      this.#keys.delete(id);
      if (id === this.#id) {
        location.hash = `#/batches/${batch.id}`;
      }
    } catch (error) {
      this.#report(error);
    }
  }
}

/** The batches that a batch belongs together with, as pairs of a name and links. */
export const kinOf = (batch) => [
  ...(batch.retry_of ? [["Retry of", [linkTo(batch.retry_of)]]] : []),
  ...(batch.retries ?? []).map((id, place) => [`Retry ${place + 1}`, [linkTo(id)]]),
];

const linkTo = (id) => make("a", { href: `#/batches/${id}`, text: shortIdOf({ id }) });
