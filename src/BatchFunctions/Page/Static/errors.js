// What went wrong: the lines that validation refused, or the beginning of the error file.

import * as api from "./api.js";
import { isActive } from "./batch.js";
import { byId } from "./elements.js";
import * as format from "./format.js";
import { fillTable } from "./line-table.js";
import { readLine } from "./result-line.js";

const previewBytes = 65536;
const previewLines = 20;

export class ErrorTable {
  #shown = null;

  clear() {
    this.#shown = null;
    byId("batch-errors-card").hidden = true;
  }

  /** Writes a batch's errors once they are there, and anew when more have come of those that are shown. */
  async show(batch) {
    const shown = batch.errors ? batch.id : `${batch.error_file_id} ${isActive(batch) ? Math.min(failuresOf(batch), previewLines + 1) : "whole"}`;
    if ((!batch.errors && batch.error_file_id === null) || shown === this.#shown) {
      return;
    }

    this.#shown = shown;
    if (batch.errors) {
      const errors = batch.errors.data;
      write(
        `${format.number(errors.length)} found in the input file: no line of it was sent.`,
        ["Line", "Code", "Parameter", "Message"],
        errors.map(({ line, code, param, message }) => [line === null ? "" : format.number(line), code, param ?? "", message]));
      return;
    }

    const text = await (await api.getContent(batch.error_file_id, { last: previewBytes - 1 })).text();
    if (shown === this.#shown) {
      const rows = rowsOf(text);
      const note = rows.length < failuresOf(batch) ? `The first ${format.number(rows.length)}; the error file has them all.` : "";
      write(note, ["Custom id", "Answer", "Message"], rows);
    }
  }
}

/** Lines that the error file holds: those that failed, and, once the batch has ended, those that never ran. */
function failuresOf(batch) {
  const { total, completed, failed } = batch.request_counts;
  return isActive(batch) ? failed : total - completed;
}

function write(note, columns, rows) {
  byId("batch-errors-note").textContent = note;
  fillTable(byId("batch-errors"), columns, rows);
  byId("batch-errors-card").hidden = rows.length === 0;
}

/** The whole lines of a file's beginning; its last is cut off where the beginning ends. */
const rowsOf = (text) => text.split("\n").slice(0, previewLines).map(readLine).filter((row) => row !== null);
