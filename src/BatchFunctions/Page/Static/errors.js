// What went wrong: failures by what they have in common, and the lines that validation refused one by one.

import * as api from "./api.js";
import { isActive } from "./batch.js";
import { byId, setText } from "./elements.js";
import { showFailures } from "./failures.js";
import * as format from "./format.js";
import { fillTable } from "./line-table.js";

export class ErrorCard {
  /** What is shown; null as long as nothing is, so that a failure to find out is made up for with the next look. */
  #shown = null;

  clear() {
    this.#shown = null;
    byId("batch-errors-card").hidden = true;
    showFailures([]);
  }

  /** Shows a batch's errors once they are there; of one that runs anew whenever they have become half as many again. */
  async show(batch, signal) {
    const shown = `${batch.id} ${isActive(batch) ? Math.floor(2 * Math.log2(failuresOf(batch))) : batch.status}`;
    if ((!batch.errors && batch.error_file_id === null) || shown === this.#shown) {
      return;
    }

    const found = await find(batch.id, signal);
    signal.throwIfAborted();
    this.#shown = shown;
    showLines(batch.errors?.data ?? []);
    showFailures(found.groups);
    setText(byId("batch-errors-note"), noteOf(batch, found));
    byId("batch-errors-card").hidden = found.groups.length === 0;
  }
}

async function find(id, signal) {
  try {
    return await api.getErrors(id, signal);
  } catch (error) {
    // An error file that has expired or was deleted is told in its own place.
    if (error.status === 404) {
      return { groups: [], lines: 0, complete: true, other_lines: 0 };
    }

    throw error;
  }
}

/** Lines that the error file holds: those that failed, and, once the batch has ended, those that never ran. */
function failuresOf(batch) {
  const { total, completed, failed } = batch.request_counts;
  return isActive(batch) ? failed : total - completed;
}

function noteOf(batch, found) {
  const notes = [
    batch.errors && batch.output_file_id === null && batch.error_file_id === null ? `${format.number(batch.errors.data.length)} found in the input file: no line of it was sent.` : "",
    found.complete ? "" : `The first ${format.lines(found.lines)}; the error file has them all.`,
    found.other_lines > 0 ? `${format.lines(found.other_lines)} of other kinds are not shown.` : "",
  ];
  return notes.filter((note) => note !== "").join(" ");
}

function showLines(errors) {
  byId("batch-errors-box").hidden = errors.length === 0;
  fillTable(byId("batch-errors"), ["Line", "Code", "Parameter", "Message"], errors.map(({ line, code, param, message }) =>
    [line === null ? "" : format.number(line), code, param ?? "", message]));
}
