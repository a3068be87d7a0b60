// The bar and the label that tell how far a batch is. Neither tells it by colour alone.

import { labelOf, progressOf } from "./batch.js";
import { setText } from "./elements.js";

/** Writes a status: its word, and a sign of its own shape. */
export function showStatus(element, batch) {
  element.dataset.status = batch.status;
  element.querySelector("use").setAttribute("href", `#sign-${batch.status}`);
  setText(element.querySelector("[data-field=status]"), labelOf(batch));
}

/** Writes how many lines are done; a batch whose lines are not counted yet has a bar without a value. */
export function showProgress(bar, batch) {
  const { total, completed, failed } = batch.request_counts;
  bar.dataset.status = batch.status;
  bar.querySelector(".good").style.width = total > 0 ? `${100 * completed / total}%` : "0";
  bar.querySelector(".bad").style.width = total > 0 ? `${100 * failed / total}%` : "0";
  bar.querySelector(".bad").toggleAttribute("data-any", failed > 0);
  bar.setAttribute("aria-valuetext", progressOf(batch));
  if (total > 0) {
    bar.setAttribute("aria-valuemin", "0");
    bar.setAttribute("aria-valuemax", String(total));
    bar.setAttribute("aria-valuenow", String(completed + failed));
  } else {
    bar.removeAttribute("aria-valuenow");
  }
}
