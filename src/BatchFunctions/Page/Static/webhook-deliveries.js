// What was sent to endpoints, and what will be.

import { arrange, byId, hold, make, renew } from "./elements.js";
import * as format from "./format.js";
import { lastOf } from "./webhook-card.js";

export class DeliveryTable {
  #onResend;

  /** Id to row: a row stays while its delivery is listed, and with it the focus on its button. */
  #rows = new Map();

  /** @param {(id: string) => Promise<void>} onResend asked to send one again */
  constructor(onResend) {
    this.#onResend = onResend;
  }

  /**
   * Shows the latest deliveries.
   * @param {object[]} webhooks the project's endpoints
   * @param {{data: object[], has_more: boolean}} page
   */
  show(webhooks, { data, has_more: hasMore }) {
    const enabled = new Set(webhooks.filter((webhook) => webhook.status === "enabled").map((webhook) => webhook.id));
    const rows = data.map((delivery) => {
      const row = this.#rows.get(delivery.id) ?? this.#make(delivery);
      row.show(delivery, !delivery.test && (delivery.webhook_id === null || enabled.has(delivery.webhook_id)));
      return [delivery.id, row];
    });
    this.#rows = new Map(rows);
    arrange(byId("deliveries-rows"), rows.map(([, { element }]) => element));
    byId("deliveries-none").hidden = data.length > 0;
    byId("deliveries").hidden = data.length === 0;
    byId("deliveries-more").hidden = !hasMore;
  }

  #make(first) {
    const again = make("button", { type: "button", class: "quiet", text: "Send again", "aria-label": `Send again: ${first.type} of ${shortOf(first)}` });
    again.addEventListener("click", () => hold(again, () => this.#onResend(first.id)));
    const action = cell([again]);
    const element = make("tr", { role: "row", children: [action] });
    const show = (delivery, canBeSent) => {
      element.className = delivery.status === "failed" ? "bad" : "";
      again.hidden = !canBeSent;
      // The last cell is replaced by itself, which is to say that it stays.
      renew(element, [...cellsOf(delivery), action]);
    };
    return { element, show };
  }
}

function cellsOf(delivery) {
  const { status, attempts, next_attempt_at: next } = delivery;
  const state = status === "pending" ? (next > format.now() ? `Next try at ${format.date(next)}` : "Being sent") : status === "delivered" ? "Delivered" : "Failed";
  return [
    cell([delivery.type]),
    cell([delivery.test ? "Test" : make("a", { href: `#/batches/${delivery.batch_id}`, text: shortOf(delivery) })]),
    cell([state]),
    cell([attempts === 0 ? "–" : `${lastOf(delivery)}${attempts > 1 ? `, ${format.number(attempts)} tries` : ""}`]),
    cell([format.date(delivery.created_at)]),
  ];
}

const cell = (children) => make("td", { role: "cell", children });

const shortOf = ({ batch_id: id }) => `…${id.slice(-6)}`;
