// When what happened to a batch, and what is ahead.

import { isActive } from "./batch.js";
import { make, renew } from "./elements.js";
import * as format from "./format.js";

const events = [
  ["Created", "created_at"],
  ["In progress", "in_progress_at"],
  ["Cancelling", "cancelling_at"],
  ["Finalizing", "finalizing_at"],
  ["Completed", "completed_at"],
  ["Failed", "failed_at"],
  ["Expired", "expired_at"],
  ["Cancelled", "cancelled_at"],
];

/** Writes the events in their order, each with how long after the one before it came. */
export function showTimeline(list, batch) {
  const past = events.map(([label, name]) => ({ label, at: batch[name] })).filter(({ at }) => at !== null);
  past.sort((one, other) => one.at - other.at);
  const items = past.map(({ label, at }, place) =>
    itemOf(label, at, place > 0 ? laterThan(past[place - 1].at, at) : format.age(at)));
  if (isActive(batch)) {
    items.push(itemOf("Deadline", batch.expires_at, format.age(batch.expires_at), "ahead"));
  }

  renew(list, items);
}

const laterThan = (before, at) => (at > before ? `${format.duration(at - before)} later` : "at once");

function itemOf(label, at, distance, kind = "past") {
  const time = make("time", { datetime: new Date(at * 1000).toISOString(), text: format.date(at) });
  return make("li", {
    class: kind,
    children: [make("span", { children: [label, " ", make("span", { class: "facts", text: distance })] }), time],
  });
}
