// Whether the key is an operator's, who may see the whole service: asked once for each key.

import * as api from "./api.js";
import { byId } from "./elements.js";
import * as key from "./key.js";

let asked = null;

/** The key is not an operator's, or not any more: with the next view it is asked again. */
export function hideWay() {
  asked = null;
  byId("service-link").hidden = true;
}

/** Shows the way to the service's view to those who may see it. */
export async function showWay() {
  const opened = key.read();
  if (opened === asked) {
    return;
  }

  asked = opened;
  byId("service-link").hidden = true;
  if (!opened) {
    return;
  }

  try {
    const { role } = await api.getLimits();
    if (opened === asked) {
      byId("service-link").hidden = role !== "operator";
    }
  } catch {
    // What is wrong is said where it was asked for batches.
    hideWay();
  }
}
