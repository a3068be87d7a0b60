// What went wrong: the lines that validation refused, or the beginning of the error file.

import * as api from "./api.js";
import { byId, make } from "./elements.js";
import * as format from "./format.js";

const previewBytes = 65536;
const previewLines = 20;

export class ErrorTable {
  #shown = null;

  clear() {
    this.#shown = null;
    byId("batch-errors-card").hidden = true;
  }

  /** Writes a batch's errors once they are there. */
  async show(batch) {
    const source = batch.errors ? batch.id : batch.error_file_id;
    if (source === null || source === this.#shown) {
      return;
    }

    this.#shown = source;
    if (batch.errors) {
      const errors = batch.errors.data;
      write(
        `${format.number(errors.length)} found in the input file: no line of it was sent.`,
        ["Line", "Code", "Parameter", "Message"],
        errors.map(({ line, code, param, message }) => [line === null ? "" : format.number(line), code, param ?? "", message]));
      return;
    }

    const text = await (await api.getContent(source, { last: previewBytes - 1 })).text();
    if (source === this.#shown) {
      const rows = rowsOf(text);
      const note = rows.length < failuresOf(batch) ? `The first ${format.number(rows.length)}; the error file has them all.` : "";
      write(note, ["Custom id", "Answer", "Message"], rows);
    }
  }
}

/** Lines that the error file holds: those that failed, and those that never ran. */
const failuresOf = ({ request_counts: { total, completed } }) => total - completed;

function write(note, columns, rows) {
  byId("batch-errors-note").textContent = note;
  byId("batch-errors").replaceChildren(
    make("thead", { role: "rowgroup", children: [rowOf("th", "columnheader", columns)] }),
    make("tbody", { role: "rowgroup", children: rows.map((cells) => rowOf("td", "cell", cells)) }));
  byId("batch-errors-card").hidden = rows.length === 0;
}

/** Roles are named because narrow windows lay the table out otherwise, and would take them away. */
const rowOf = (tag, role, cells) => make("tr", { role: "row", children: cells.map((text) => make(tag, { role, text })) });

/** The whole lines of a file's beginning, each as its id, its status or code, and its message. */
function rowsOf(text) {
  return text.split("\n").slice(0, previewLines).flatMap((line) => {
    try {
      const { custom_id: id, response, error } = JSON.parse(line);
      return [[id, String(response?.status_code ?? error?.code ?? ""), error?.message ?? messageOf(response?.body)]];
    } catch {
      // The last line is cut off where the beginning ends.
      return [];
    }
  });
}

/** The words of an upstream's answer: those of OpenAI's envelope, or as much of any other as fits. */
function messageOf(body) {
  const message = body?.error?.message ?? body?.error ?? body?.message ?? body;
  return (typeof message === "string" ? message : JSON.stringify(message) ?? "").slice(0, 500);
}
