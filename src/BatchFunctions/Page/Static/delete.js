// Deleting a batch that has ended: the button, the question, and the way back to the list.

import * as api from "./api.js";
import { isActive } from "./batch.js";
import { byId, hold, takeAnswer } from "./elements.js";
import { say } from "./notices.js";

export class Deletion {
  #id = null;
  #report;

  constructor(report) {
    this.#report = report;
    byId("batch-delete").addEventListener("click", () => byId("delete-dialog").showModal());
    byId("delete-dialog").addEventListener("close", () => this.#ask());
  }

  show(batch) {
    this.#id = batch.id;
    byId("batch-delete").hidden = isActive(batch);
  }

  hide() {
    this.#id = null;
    byId("batch-delete").hidden = true;
    byId("delete-dialog").close();
  }

  async #ask() {
    if (!takeAnswer(byId("delete-dialog"), "delete")) {
      return;
    }

    const id = this.#id;
    try {
      await hold(byId("batch-delete"), () => api.deleteBatch(id));
      say("Deleted");
      if (id === this.#id) {
        location.hash = "#/";
      }
    } catch (error) {
      this.#report(error);
    }
  }
}
