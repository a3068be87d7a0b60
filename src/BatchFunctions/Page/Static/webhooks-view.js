// Where events of batches are sent: the project's endpoints, how they do, and what was sent to them. Alive while something is to be sent.

import * as api from "./api.js";
import { byId, setText } from "./elements.js";
import * as format from "./format.js";
import { say } from "./notices.js";
import { Poll } from "./poll.js";
import { showDeliveries } from "./webhook-deliveries.js";
import { WebhookCards } from "./webhook-card.js";

/** Tries that follow each other are seconds apart at first, and hours later. */
const calm = { shortest: 3000, longest: 15000 };

export class WebhooksView {
  #report;
  #poll;
  #cards;
  #shown = "";

  /** @param {(error: Error) => boolean} report shows an error and says whether it may pass */
  constructor(report) {
    this.#report = report;
    this.#poll = new Poll((signal) => this.#refresh(signal), report, calm);
    this.#cards = new WebhookCards((act) => this.#act(act));
    byId("webhook-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
    byId("webhook-secret-done").addEventListener("click", () => this.#showSecret(null));
    byId("webhook-secret-copy").addEventListener("click", () => navigator.clipboard.writeText(byId("webhook-secret").textContent).then(() => say("Copied."), this.#report));
    byId("webhook-delete-dialog").addEventListener("close", () => this.#delete());
  }

  show() {
    byId("webhooks-view").hidden = false;
    byId("webhooks-panels").hidden = true;
    document.title = "Webhooks";
    byId("webhooks-title").focus();
    return this.#poll.start();
  }

  hide() {
    byId("webhooks-view").hidden = true;
    byId("webhook-delete-dialog").close();
    this.#showSecret(null);
    this.#poll.stop();
  }

  async #refresh(signal) {
    const [webhooks, deliveries] = await Promise.all([api.listWebhooks(signal), api.listDeliveries(signal)]);
    const seen = JSON.stringify([webhooks.data, deliveries.data]);
    const changed = seen !== this.#shown;
    if (changed) {
      // What has not changed is left alone: somebody may be about to press one of its buttons.
      this.#shown = seen;
      this.#cards.show(webhooks.data);
      showDeliveries(webhooks.data, deliveries, (id) => this.#act(() => api.resendDelivery(id)));
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
    try {
      const done = await act();
      if (done?.secret) {
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
    byId("webhook-add").disabled = true;
    try {
      const made = await api.createWebhook({ url: byId("webhook-url").value.trim(), events, name: byId("webhook-name").value.trim() || null });
      byId("webhook-form").reset();
      this.#refuse("");
      this.#showSecret(made.secret);
      await this.#poll.now();
    } catch (error) {
      this.#refuse(error.message);
    } finally {
      byId("webhook-add").disabled = false;
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
    if (dialog.returnValue === "delete") {
      dialog.returnValue = "";
      await this.#act(() => api.deleteWebhook(dialog.dataset.id));
    }
  }
}
