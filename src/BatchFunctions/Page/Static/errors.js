// What went wrong: failures by what they have in common, and the lines that validation refused one by one.

import * as api from "./api.js";
import { isActive } from "./batch.js";
import { byId } from "./elements.js";
import { showFailures } from "./failures.js";
import * as format from "./format.js";
import { fillTable } from "./line-table.js";

export class ErrorCard {
  #shown = null;

  clear() {
    this.#shown = null;
    byId("batch-errors-card").hidden = true;
    showFailures([]);
  }

  /** Shows a batch's errors once they are there; of one that runs anew whenever they have become half as many again. */
  async show(batch) {
    const shown = `${batch.id} ${isActive(batch) ? Math.floor(2 * Math.log2(failuresOf(batch))) : batch.status}`;
    if ((!batch.errors && batch.error_file_id === null) || shown === this.#shown) {
      return;
    }

    this.#shown = shown;
    showLines(batch.errors?.data ?? []);
    const found = await api.getErrors(batch.id);
    if (shown === this.#shown) {
      showFailures(found.groups);
      byId("batch-errors-note").textContent = noteOf(batch, found);
      byId("batch-errors-card").hidden = found.groups.length === 0;
    }
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
