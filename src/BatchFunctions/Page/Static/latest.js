// The latest lines of a batch that runs, as they come: the ends of its output and its error file, which grow meanwhile. Of a
// batch that ends before somebody's eyes the last ones stay.

import * as api from "./api.js";
import { isActive } from "./batch.js";
import { byId } from "./elements.js";
import { fillTable, rowOf } from "./line-table.js";
import { readBeginning, readLine } from "./result-line.js";

const mostRows = 20;
const mostCharacters = 256 * 1024;

export class LatestLines {
  #tails = {};
  #running = false;
  #seen = "";

  clear() {
    this.#tails = { output_file_id: new Tail(), error_file_id: new Tail() };
    this.#running = false;
    this.#seen = "";
    byId("batch-latest-card").hidden = true;
    fillTable(byId("batch-latest"), ["Custom id", "Status", "Answer"], []);
  }

  /** Adds what has come. Nothing is asked while the batch stands as it stood: its files grow with its counts. */
  async show(batch, signal) {
    this.#running ||= isActive(batch);
    const seen = JSON.stringify([batch.status, batch.request_counts, batch.output_file_id, batch.error_file_id]);
    if (!this.#running || seen === this.#seen) {
      return;
    }

    for (const [name, tail] of Object.entries(this.#tails)) {
      if (batch[name] !== null) {
        add(await tail.read(batch[name], signal), name === "error_file_id" ? "bad" : "");
      }
    }

    this.#seen = seen;
  }
}

/** Puts rows of a tone above the others. These stay what they are, so that what is selected in one stays too. */
function add(rows, tone) {
  const body = byId("batch-latest").tBodies[0];
  body.prepend(...rows.map((cells) => rowOf(cells, tone)).reverse());
  while (body.rows.length > mostRows) {
    body.lastElementChild.remove();
  }

  byId("batch-latest-card").hidden = body.rows.length === 0;
}

/** The end of a file that grows. */
class Tail {
  #last = 0;
  #most = mostRows;

  /** The lines since the last time, or those of them that are the latest and fit. */
  async read(id, signal) {
    let found;
    try {
      const end = await api.countLines(id, signal);
      if (end <= this.#last) {
        return [];
      }

      found = await api.getLines(id, { offset: Math.max(this.#last, end - this.#most), limit: this.#most, most: mostCharacters }, signal);
    } catch (error) {
      // A file that was deleted, as it may be once the batch has ended, is told in its own place.
      if (error.status === 404) {
        return [];
      }

      throw error;
    }

    signal.throwIfAborted();
    const lines = found.text.split("\n").filter((line) => line !== "");
    this.#last = found.last;
    this.#most = Math.max(1, Math.min(mostRows, Math.floor(mostCharacters * lines.length / Math.max(found.text.length, 1))));
    return lines.map((line) => readLine(line) ?? readBeginning(line)).filter((row) => row !== null);
  }
}
