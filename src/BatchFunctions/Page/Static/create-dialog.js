// A new batch: a file is chosen or dropped, its endpoint read from its first line, and both are sent; the file perhaps before, to be
// checked.

import * as api from "./api.js";
import { check, hideCheck, showCheck } from "./check.js";
import { Creation } from "./creation.js";
import { byId } from "./elements.js";
import { firstRequestOf } from "./first-line.js";
import * as format from "./format.js";
import { showError } from "./notices.js";
import { upload } from "./upload.js";

export class CreateDialog {
  #file = null;
  #uploaded = null;
  #uploadKey = null;
  #creation = null;
  #sending = null;
  #endpoints = null;
  #onCreated;

  /** @param {(batch: object) => void} onCreated told the batch that was made */
  constructor(onCreated) {
    this.#onCreated = onCreated;
    byId("create-file").addEventListener("change", () => this.#choose(byId("create-file").files[0]));
    byId("create-close").addEventListener("click", () => this.close());
    byId("create-check").addEventListener("click", () => this.#check());
    byId("create-endpoint").addEventListener("change", hideCheck);
    byId("create-dialog").addEventListener("close", () => {
      this.#sending?.abort();
      this.#setSending(null);
      this.#discard();
    });
    byId("create-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#create();
    });
  }

  /** Opens the dialog, with a file if one has been dropped. */
  async open(file = null) {
    if (this.#sending) {
      return;
    }

    if (!byId("create-dialog").open) {
      byId("create-form").reset();
      this.#file = null;
      this.#showFile();
      byId("create-dialog").showModal();
    }

    this.#say("");
    const endpoints = this.#loadEndpoints();
    if (file) {
      await this.#choose(file);
      byId("create-submit").focus();
    }

    await endpoints;
  }

  close() {
    byId("create-dialog").close();
  }

  /** Asks for the endpoints once, however many wait for them; again after a failure. */
  #loadEndpoints() {
    this.#endpoints ??= api.listEndpoints().then(
      (endpoints) => byId("create-endpoint").append(...endpoints.map((endpoint) => new Option(endpoint, endpoint))),
      (error) => {
        this.#endpoints = null;
        throw error;
      });
    return this.#endpoints;
  }

  async #choose(file) {
    if (!file) {
      return;
    }

    this.#discard();
    this.#file = file;
    this.#say("");
    const [request] = await Promise.all([firstRequestOf(file), this.#loadEndpoints().catch((error) => this.#say(error.message))]);
    if (file !== this.#file) {
      return;
    }

    const select = byId("create-endpoint");
    const offered = [...select.options].some(({ value }) => value !== "" && value === request?.url);
    select.value = offered ? request.url : "";
    this.#showFile(request === null ? "The first line is no JSON object"
      : offered ? `First line: ${request.url}${request.body?.model ? `, model ${request.body.model}` : ""}`
        : `First line: ${request.url ?? "no url"}, which this service does not offer`);
  }

  #showFile(hint = "") {
    byId("create-file-name").textContent = this.#file
      ? `${this.#file.name} · ${format.bytes(this.#file.size)}`
      : "Choose a JSONL file, or drop it here";
    byId("create-hint").textContent = hint;
  }

  async #create() {
    const endpoint = byId("create-endpoint").value;
    if (this.#isChosen() && !endpoint) {
      this.#say("Choose the endpoint that the file’s lines are for.");
      byId("create-endpoint").focus();
      return;
    }

    await this.#send(async (signal) => {
      const batch = await this.#make(endpoint, byId("create-description").value.trim(), signal);
      // One that comes when the dialog has been closed is given up there.
      signal.throwIfAborted();
      this.#uploaded = null;
      this.#uploadKey = null;
      this.#creation = null;
      this.#setSending(null);
      this.close();
      this.#onCreated(batch);
    });
  }

  /** Makes the batch once, however often it is tried. Where another is wanted by now, the one that may be there is given up first. */
  async #make(endpoint, description, signal) {
    const properties = { endpoint, completion_window: "24h", ...(description && { metadata: { description } }) };
    if (this.#creation && !this.#creation.makes(properties)) {
      if (this.#creation.isOpen) {
        this.#discard();
      }

      this.#creation = null;
    }

    const file = await this.#upload(signal);
    this.#creation ??= new Creation(file.id, properties);
    return this.#creation.make();
  }

  async #check() {
    hideCheck();
    await this.#send(async (signal) => {
      const file = await this.#upload(signal);
      const bar = byId("create-progress");
      const tell = (lines) => bar.setAttribute("aria-valuetext", `${format.lines(lines)} checked`);
      this.#showProgress(1);
      const found = await check(file.id, byId("create-endpoint").value || null, tell, signal);
      this.#setSending(null);
      showCheck(found);
    });
  }

  /** Sends the file that is chosen; one that was sent to be checked is not sent again. */
  async #upload(signal) {
    if (this.#uploaded === null) {
      this.#uploadKey ??= api.newKey();
      const file = await upload(this.#file, this.#uploadKey, (share) => signal.aborted || this.#showProgress(share), signal);
      if (signal.aborted) {
        deleteFile(file);
      }

      signal.throwIfAborted();
      this.#uploaded = file;
    }

    return this.#uploaded;
  }

  /** A file that was sent, and that no batch is made of, is not kept; nor is a batch that may have been made when it was given up. */
  #discard() {
    hideCheck();
    if (this.#creation?.isOpen) {
      this.#creation.giveUp().catch(showError);
    } else if (this.#uploaded) {
      deleteFile(this.#uploaded);
    }

    this.#creation = null;
    this.#uploaded = null;
    this.#uploadKey = null;
  }

  #isChosen() {
    if (!this.#file) {
      this.#say("Choose a file first.");
      byId("create-file").focus();
    }

    return this.#file !== null;
  }

  async #send(work) {
    if (!this.#isChosen()) {
      return;
    }

    const sending = new AbortController();
    const pressed = document.activeElement;
    this.#setSending(sending);
    try {
      await work(sending.signal);
    } catch (error) {
      if (!sending.signal.aborted) {
        this.#setSending(null);
        this.#say(error.message);
      }
    }

    // A button that cannot be pressed loses the focus.
    if (document.activeElement === document.body) {
      pressed.focus();
    }
  }

  #setSending(sending) {
    this.#sending = sending;
    for (const control of ["create-submit", "create-check", "create-file", "create-endpoint"]) {
      byId(control).disabled = sending !== null;
    }

    byId("create-close").textContent = sending ? "Stop" : "Close";
    byId("create-progress").hidden = sending === null;
    this.#say("");
    this.#showProgress(0);
  }

  #showProgress(share) {
    const bar = byId("create-progress");
    bar.querySelector(".good").style.width = `${100 * share}%`;
    bar.setAttribute("aria-valuenow", String(Math.round(100 * share)));
    bar.setAttribute("aria-valuetext", share < 1 ? format.share(share) : "Sent");
  }

  #say(text) {
    byId("create-error").textContent = text;
  }
}

/** That it cannot be deleted is no news to the reader. */
const deleteFile = (file) => api.deleteFile(file.id).catch(() => {});
