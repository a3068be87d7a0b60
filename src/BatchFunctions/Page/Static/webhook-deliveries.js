// What was sent to endpoints, and what will be.

import { byId, make } from "./elements.js";
import * as format from "./format.js";
import { lastOf } from "./webhook-card.js";

/**
 * Shows the latest deliveries.
 * @param {object[]} webhooks the project's endpoints
 * @param {{data: object[], has_more: boolean}} page
 * @param {(id: string) => void} onResend asked to send one again
 */
export function showDeliveries(webhooks, { data, has_more: hasMore }, onResend) {
  const enabled = new Set(webhooks.filter((webhook) => webhook.status === "enabled").map((webhook) => webhook.id));
  byId("deliveries-none").hidden = data.length > 0;
  byId("deliveries").hidden = data.length === 0;
  byId("deliveries-more").hidden = !hasMore;
  byId("deliveries-rows").replaceChildren(...data.map((delivery) => rowOf(delivery, enabled, onResend)));
}

function rowOf(delivery, enabled, onResend) {
  const { status, attempts, next_attempt_at: next } = delivery;
  const state = status === "pending" ? (next > format.now() ? `Next try at ${format.date(next)}` : "Being sent") : status === "delivered" ? "Delivered" : "Failed";
  const again = make("button", { type: "button", class: "quiet", text: "Send again", "aria-label": `Send again: ${delivery.type} of ${shortOf(delivery)}` });
  again.addEventListener("click", () => {
    again.disabled = true;
    onResend(delivery.id);
  });
  const canBeSent = !delivery.test && (delivery.webhook_id === null || enabled.has(delivery.webhook_id));
  return make("tr", {
    role: "row",
    class: status === "failed" ? "bad" : "",
    children: [
      cell([delivery.type]),
      cell([delivery.test ? "Test" : make("a", { href: `#/batches/${delivery.batch_id}`, text: shortOf(delivery) })]),
      cell([state]),
      cell([attempts === 0 ? "–" : `${lastOf(delivery)}${attempts > 1 ? `, ${format.number(attempts)} tries` : ""}`]),
      cell([format.date(delivery.created_at)]),
      cell(canBeSent ? [again] : []),
    ],
  });
}

const cell = (children) => make("td", { role: "cell", children });

const shortOf = ({ batch_id: id }) => `…${id.slice(-6)}`;
