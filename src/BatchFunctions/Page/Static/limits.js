// Tells how much of what the project may have waiting is used, while anything waits.

import * as api from "./api.js";
import { byId, setText } from "./elements.js";
import * as format from "./format.js";

const longestAge = 10000;
let askedAt = -longestAge;

/** @param {boolean} active whether a batch is shown that has not ended */
export async function showLimits(active, signal) {
  const place = byId("list-limits");
  if (!active) {
    askedAt = -longestAge;
    setText(place, "");
    return;
  }

  if (performance.now() - askedAt < longestAge) {
    return;
  }

  askedAt = performance.now();
  try {
    const { batches, enqueued_requests: lines } = await api.getLimits(signal);
    setText(place, `${ofLimit(batches)} batches, ${ofLimit(lines)} lines waiting`);
    place.title = `The project may have ${format.number(batches.limit)} batches that have not ended, and ${format.number(lines.limit)} lines waiting in them`;
  } catch {
    // Of an older service that does not tell it, or one that fails: what is wrong is said where it was asked for the list.
  }
}

const ofLimit = ({ used, limit }) => `${format.roughly(used)} of ${format.roughly(limit)}`;
