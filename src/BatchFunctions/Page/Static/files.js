// A batch's files, each with a button that downloads it.

import * as api from "./api.js";
import { isActive } from "./batch.js";
import { byId, copyOf, field, hold, make, setText } from "./elements.js";
import { download } from "./download.js";
import * as format from "./format.js";

const kinds = [["Input", "input_file_id"], ["Output", "output_file_id"], ["Errors", "error_file_id"]];

export class FileList {
  #report;
  #shown = "";

  constructor(report) {
    this.#report = report;
  }

  clear() {
    this.#shown = "";
    byId("batch-files").replaceChildren();
  }

  /** Writes the files anew when one has come. */
  show(batch) {
    // The input of a retry is written while it is validated.
    const ids = { ...batch, ...(batch.retry_of && batch.status === "validating" && { input_file_id: null }) };
    const wanted = JSON.stringify([batch.id, ...kinds.map(([, name]) => ids[name]), isActive(batch)]);
    if (wanted === this.#shown) {
      return;
    }

    this.#shown = wanted;
    byId("batch-files").replaceChildren(...kinds.map(([kind, name]) => (ids[name] === null
      ? make("li", { class: "none", text: `${kind}: ${isActive(batch) ? "not yet" : "none"}` })
      : this.#itemOf(kind, ids[name], isActive(batch) && name !== "input_file_id"))));
  }

  /** @param {boolean} grows whether the batch is still adding to the file */
  #itemOf(kind, id, grows) {
    const item = copyOf("file");
    const button = field(item, "download");
    field(item, "kind").textContent = kind;
    field(item, "name").textContent = id;
    button.disabled = true;
    api.getFile(id).then((file) => {
      field(item, "name").textContent = file.filename;
      field(item, "name").title = file.filename;
      field(item, "facts").textContent = grows ? "grows while the batch runs" : factsOf(file);
      setText(button, grows ? "Download so far" : "Download");
      button.setAttribute("aria-label", `Download${grows ? " so far:" : ""} ${kind.toLowerCase()} file ${file.filename}`);
      button.disabled = false;
      button.addEventListener("click", () => this.#download(button, id));
    }, (error) => {
      // A file that has expired or was deleted is told where it would stand.
      field(item, "facts").textContent = error.message;
      button.remove();
      if (error.passes) {
        this.#shown = "";
      }
    });
    return item;
  }

  async #download(button, id) {
    try {
      await hold(button, async () => download(await api.getFile(id)));
    } catch (error) {
      this.#report(error);
    }
  }
}

const factsOf = (file) => [
  format.bytes(file.bytes),
  ...(file.expires_at === null ? [] : [`kept until ${format.date(file.expires_at)}`]),
].join(" · ");
