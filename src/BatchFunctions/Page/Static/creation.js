// The making of a batch. All tries to make it have one key, so that they make one batch, whichever answer was lost. Whoever gives it up
// while that is open has to find out: a batch that nobody knows of would run all the same, and be paid for.

import { again } from "./again.js";
import * as api from "./api.js";

/** Beyond the three minutes for which the service may not know itself what has become of a try. */
const patientAttempts = 40;

export class Creation {
  #fileId;
  #properties;
  #once = api.newKey();
  #asking = null;
  #isOpen = false;

  /**
   * @param {string} fileId the batch's input, which is given up with it
   * @param {object} properties what else the API is asked for
   */
  constructor(fileId, properties) {
    this.#fileId = fileId;
    this.#properties = properties;
  }

  /** Whether there may be a batch that nobody knows of: an answer is waited for, or was lost. */
  get isOpen() {
    return this.#isOpen;
  }

  /** Whether this makes a batch with these properties. */
  makes(properties) {
    return JSON.stringify(properties) === JSON.stringify(this.#properties);
  }

  /** Makes the batch, or finds the one that an earlier try has made. It cannot be stopped, only given up. */
  make() {
    this.#isOpen = true;
    this.#asking = this.#ask();
    return this.#asking;
  }

  /**
   * Cancels the batch if there is one, and deletes its input file. That goes first: then asking once more finds a batch and makes none.
   * @throws {Error} there may be a batch, or there is one that could not be cancelled; in words for the reader
   */
  async giveUp() {
    let batch = await this.#asking.catch(() => null);
    await api.deleteFile(this.#fileId).catch(() => {});
    if (this.#isOpen) {
      batch = await again(() => this.#ask(), { attempts: patientAttempts }).catch(() => null);
    }

    if (this.#isOpen) {
      throw new Error("A batch that was stopped while it was made may have been made all the same: look for it in the list.");
    }

    if (batch) {
      await again(() => api.cancelBatch(batch.id)).catch((error) => {
        throw new Error(`The batch ${batch.id} had been made when it was stopped, and was not cancelled: ${error.message}`);
      });
    }
  }

  async #ask() {
    try {
      const batch = await api.createBatch({ input_file_id: this.#fileId, ...this.#properties }, this.#once);
      this.#isOpen = false;
      return batch;
    } catch (error) {
      // What is refused is not made. A refusal of the API key says nothing of what an earlier try has made.
      if (error.status >= 400 && error.status < 500 && error.status !== 401 && error.status !== 403 && !error.passes) {
        this.#isOpen = false;
      }

      throw error;
    }
  }
}
