// An endpoint that events are sent to: how it does, and what can be done with it.

import * as api from "./api.js";
import { arrange, byId, copyOf, field, hold, setText } from "./elements.js";
import * as format from "./format.js";
import { say } from "./notices.js";

const every = 4;

export class WebhookCards {
  #act;
  #cards = new Map();

  /** @param {(act: () => Promise<object>) => Promise<object?>} act does something, and has all looked at again */
  constructor(act) {
    this.#act = act;
  }

  show(webhooks) {
    const cards = webhooks.map((webhook) => {
      const card = this.#cards.get(webhook.id) ?? this.#make(webhook.id);
      showWebhook(card, webhook);
      return [webhook.id, card];
    });
    this.#cards = new Map(cards);
    arrange(byId("webhooks"), cards.map(([, card]) => card));
  }

  #make(id) {
    const card = copyOf("webhook-card");
    const on = (name, act) => field(card, name).addEventListener("click", act);
    const ask = (question) => {
      const dialog = byId(`webhook-${question}-dialog`);
      dialog.dataset.id = id;
      setText(byId(`webhook-${question}-url`), field(card, "url").textContent);
      dialog.showModal();
    };
    on("test", () => this.#test(card, id));
    on("switch", () => this.#switch(card, id));
    on("rotate", () => ask("rotate"));
    on("delete", () => ask("delete"));
    return card;
  }

  #switch(card, id) {
    const status = card.dataset.status === "enabled" ? "disabled" : "enabled";
    return hold(field(card, "switch"), () => this.#act(() => api.updateWebhook(id, { status })));
  }

  async #test(card, id) {
    const delivery = await hold(field(card, "test"), () => this.#act(() => api.testWebhook(id)));
    if (delivery) {
      const told = delivery.status === "delivered" ? `It took the test’s event (${delivery.last_status}).` : `It did not take the test’s event: ${lastOf(delivery)}.`;
      setText(field(card, "told"), told);
      say(told);
    }
  }
}

/** What came of the last attempt, in words. */
export const lastOf = ({ last_status: status, last_error: error }) => words[error] ?? error ?? (status === null ? "–" : `answered ${status}`);

const words = {
  timeout: "no answer in time",
  unreachable: "nobody answers there",
  host_not_found: "its host has no address",
  tls_failed: "its certificate is not good",
  address_not_allowed: "its address is not allowed",
  webhook_disabled: "the webhook is disabled",
  webhook_deleted: "the webhook is deleted",
  batch_deleted: "the batch is deleted",
  not_tried: "could not be tried",
  unreadable: "what is stored of it cannot be read",
};

const reasons = {
  failing: "it had failed for three days",
  gone: "it answered that it is gone (410)",
  requested: "by request",
  unreadable: "what is stored of it cannot be read",
};

/** A URL's host; the URL as it is where the service takes it and this browser does not, as it may with numbers that are no address. */
const hostOf = (url) => (URL.canParse(url) ? new URL(url).host : url);

function showWebhook(card, webhook) {
  const isEnabled = webhook.status === "enabled";
  card.dataset.status = webhook.status;
  card.setAttribute("aria-label", `Webhook ${webhook.url}`);
  setText(field(card, "name"), webhook.name ?? hostOf(webhook.url));
  setText(field(card, "url"), webhook.url);
  setText(field(card, "events"), webhook.events.length === every ? "All events" : webhook.events.map((type) => type.replace("batch.", "")).join(", "));
  const [sign, text] = !isEnabled ? ["failed", `Disabled since ${format.date(webhook.disabled_at)}: ${reasons[webhook.disabled_reason] ?? webhook.disabled_reason}`]
    : webhook.failing_since !== null ? ["expired", `Failing since ${format.date(webhook.failing_since)}`]
    : ["completed", "Enabled"];
  const condition = field(card, "condition");
  condition.dataset.status = sign;
  condition.querySelector("use").setAttribute("href", `#sign-${sign}`);
  setText(field(condition, "text"), text);
  setText(field(card, "switch"), isEnabled ? "Disable" : "Enable");
}
