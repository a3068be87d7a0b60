// What the page knows about a batch beyond what the API says of it.

import * as format from "./format.js";

const statuses = {
  validating: { label: "Validating", active: true, cancellable: true },
  in_progress: { label: "In progress", active: true, cancellable: true },
  finalizing: { label: "Finalizing", active: true },
  cancelling: { label: "Cancelling", active: true },
  completed: { label: "Completed" },
  failed: { label: "Failed" },
  expired: { label: "Expired" },
  cancelled: { label: "Cancelled" },
};

export const labelOf = (batch) => statuses[batch.status]?.label ?? batch.status;

export const isActive = (batch) => statuses[batch.status]?.active === true;

export const isCancellable = (batch) => statuses[batch.status]?.cancellable === true;

/** Enough of an id to tell it from its neighbours: those made at one time begin alike. */
export const shortIdOf = (batch) => `${batch.id.slice(0, 14)}…${batch.id.slice(-6)}`;

/** The name that its maker gave it, if any. */
export const nameOf = (batch) => batch.metadata?.description || batch.metadata?.name || null;

/** How many of its lines did not succeed; null where they were never known, and could all be sent. */
export function leftOf({ status, request_counts: { total, completed } }) {
  return total > 0 ? total - completed : status === "failed" ? 0 : null;
}

/** The share of its lines that are done, from 0 to 1. */
export const shareDone = ({ request_counts: { total, completed, failed } }) => (total > 0 ? (completed + failed) / total : 0);

/** "1,204 of 5,000 lines". */
export function doneOf(batch) {
  const { total, completed, failed } = batch.request_counts;
  if (total === 0) {
    return batch.status === "validating" ? "Reading the file" : "No lines";
  }

  return `${format.number(completed + failed)} of ${format.lines(total)}`;
}

/** ", 3 failed"; nothing where none has. */
export const failedOf = ({ request_counts: { failed } }) => (failed > 0 ? `, ${format.number(failed)} failed` : "");

/** What the bar shows, in words. */
export const progressOf = (batch) => doneOf(batch) + failedOf(batch);

/** When it is due while it is active, and how long it took once it has ended. */
export function dueOf(batch) {
  const ended = batch.completed_at ?? batch.failed_at ?? batch.expired_at ?? batch.cancelled_at;
  return ended === null
    ? { at: batch.expires_at, text: `due ${format.age(batch.expires_at)}` }
    : { at: ended, text: `took ${format.duration(ended - batch.created_at)}` };
}
