// Says that the upstream is away, while a batch waits for it. What the service knows of it is part of its health.

import * as api from "./api.js";
import { byId, setText } from "./elements.js";
import * as format from "./format.js";

const longestAge = 10000;
let askedAt = -longestAge;

/** @param {boolean} active whether a batch is shown that may wait */
export async function showUpstream(active, signal) {
  if (!active) {
    setText(byId("upstream"), "");
    return;
  }

  if (performance.now() - askedAt < longestAge) {
    return;
  }

  askedAt = performance.now();
  try {
    const { upstream } = await api.getHealth(signal);
    setText(byId("upstream"), upstream.status === "away"
      ? `The upstream has let nobody through since ${format.date(upstream.away_since)} (${upstream.reason}). Lines wait, and none is lost.`
      : "");
  } catch {
    // What is wrong with the service itself is said where it was asked for something else.
  }
}
