// Where events of batches are sent: the project's endpoints, how they do, and what was sent to them. Alive while something is to be sent.

import * as api from "./api.js";
import { byId, hold, setText, takeAnswer } from "./elements.js";
import * as format from "./format.js";
import { say } from "./notices.js";
import { Poll } from "./poll.js";
import { DeliveryTable } from "./webhook-deliveries.js";
import { WebhookCards } from "./webhook-card.js";

/** Tries that follow each other are seconds apart at first, and hours later. */
const calm = { shortest: 3000, longest: 15000 };

export class WebhooksView {
  #report;
  #poll;
  #cards;
  #deliveries;
  #shown = "";

  /** From one opening of the view to its closing: what is asked for in one is not shown in the next, which may be of another key. */
  #visit = null;

  /** @param {(error: Error) => boolean} report shows an error and says whether it may pass */
  constructor(report) {
    this.#report = report;
    this.#poll = new Poll((signal) => this.#refresh(signal), report, calm);
    this.#cards = new WebhookCards((act) => this.#act(act));
    this.#deliveries = new DeliveryTable((id) => this.#act(() => api.resendDelivery(id)));
    byId("webhook-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
    byId("webhook-secret-done").addEventListener("click", () => this.#showSecret(null));
    byId("webhook-secret-copy").hidden = !navigator.clipboard;
    byId("webhook-secret-copy").addEventListener("click", () => navigator.clipboard.writeText(byId("webhook-secret").textContent).then(() => say("Copied."), this.#report));
    byId("webhook-delete-dialog").addEventListener("close", () => this.#delete());
    byId("webhook-rotate-dialog").addEventListener("close", () => this.#rotate());
  }

  show() {
    this.#visit = {};
    byId("webhooks-view").hidden = false;
    byId("webhooks-panels").hidden = true;
    document.title = "Webhooks";
    byId("webhooks-title").focus();
    return this.#poll.start();
  }

  hide() {
    byId("webhooks-view").hidden = true;
    byId("webhook-delete-dialog").close();
    byId("webhook-rotate-dialog").close();
    this.#visit = null;
    this.#showSecret(null);
    this.#refuse("");
    this.#poll.stop();
  }

  async #refresh(signal) {
    const [webhooks, deliveries] = await Promise.all([api.listWebhooks(signal), api.listDeliveries(signal)]);
    const seen = JSON.stringify([webhooks.data, deliveries.data]);
    const changed = seen !== this.#shown;
    if (changed) {
      this.#cards.show(webhooks.data);
      this.#deliveries.show(webhooks.data, deliveries);
      this.#shown = seen;
    }

    byId("webhooks-panels").hidden = false;
    byId("webhooks-none").hidden = webhooks.data.length > 0;
    const active = deliveries.data.some((delivery) => delivery.status === "pending");
    byId("webhooks-live").dataset.live = String(active);
    setText(byId("webhooks-live"), active ? `as of ${format.time(format.now())}` : "");
    return { active, changed };
  }

  /** Does something, shows a secret that comes of it, and looks again. */
  async #act(act) {
    const visit = this.#visit;
    try {
      const done = await act();
      if (done?.secret && visit === this.#visit) {
        this.#showSecret(done.secret);
      }

      return done;
    } catch (error) {
      this.#report(error);
      return null;
    } finally {
      await this.#poll.now();
    }
  }

  async #add() {
    const events = [...byId("webhook-form").querySelectorAll("[name=event]:checked")].map((box) => box.value);
    const wanted = { url: byId("webhook-url").value.trim(), events, name: byId("webhook-name").value.trim() || null };
    const visit = this.#visit;
    try {
      const made = await hold(byId("webhook-add"), () => api.createWebhook(wanted));
      byId("webhook-form").reset();
      if (visit === this.#visit) {
        this.#refuse("");
        this.#showSecret(made.secret);
      }

      await this.#poll.now();
    } catch (error) {
      if (visit === this.#visit) {
        this.#refuse(error.message);
      } else {
        this.#report(error);
      }
    }
  }

  #refuse(reason) {
    byId("webhook-error").textContent = reason;
    byId("webhook-url").setAttribute("aria-invalid", String(reason !== ""));
  }

  /** Shows a secret until it is put away: the service tells it once. */
  #showSecret(secret) {
    byId("webhook-secret-card").hidden = secret === null;
    byId("webhook-secret").textContent = secret ?? "";
    if (secret !== null) {
      byId("webhook-secret-card").focus();
    }
  }

  async #delete() {
    const dialog = byId("webhook-delete-dialog");
    if (takeAnswer(dialog, "delete")) {
      await this.#act(() => api.deleteWebhook(dialog.dataset.id));
      // Its button, where the focus was, has gone with it.
      if (document.activeElement === document.body) {
        byId("webhooks-title").focus();
      }
    }
  }

  async #rotate() {
    const dialog = byId("webhook-rotate-dialog");
    if (takeAnswer(dialog, "rotate")) {
      await this.#act(() => api.rotateSecret(dialog.dataset.id));
    }
  }
}
