// Asks again and again, but only while there is something to wait for and somebody to see it: a batch is active and the tab
// is shown. At rest it asks nothing; a tab that is shown again asks once.

import { hideError } from "./notices.js";

const lively = { shortest: 2000, longest: 5000 };
const longestAfterFailure = 30000;

export class Poll {
  #ask;
  #onFailure;
  #pace;
  #timer = 0;
  #asking = null;
  #wait;
  #started = false;
  #failed = false;

  /**
   * @param {(signal: AbortSignal) => Promise<{active: boolean, changed: boolean}>} ask
   * @param {(error: Error) => boolean} onFailure says whether to try again
   * @param {{shortest: number, longest: number}} pace the milliseconds between two answers: right after a change, and long after
   */
  constructor(ask, onFailure, pace = lively) {
    this.#ask = ask;
    this.#onFailure = onFailure;
    this.#pace = pace;
    document.addEventListener("visibilitychange", () => this.#started && (document.hidden ? this.#pause() : this.now()));
  }

  start() {
    this.#started = true;
    this.#wait = this.#pace.shortest;
    return this.now();
  }

  stop() {
    this.#started = false;
    this.#pause();
  }

  /** Asks at once, if it has been started: what comes of an act must not wake what nobody looks at any more. */
  async now() {
    if (!this.#started) {
      return;
    }

    this.#pause();
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const { active, changed } = await this.#ask(asking.signal);
      if (this.#failed) {
        this.#failed = false;
        hideError();
      }

      this.#wait = changed ? this.#pace.shortest : Math.min(this.#wait * 1.25, this.#pace.longest);
      this.#again(asking, active);
    } catch (error) {
      if (!asking.signal.aborted) {
        this.#failed = true;
        this.#wait = Math.max(Math.min(this.#wait * 2, longestAfterFailure), 1000 * (error.retryAfter ?? 0));
        this.#again(asking, this.#onFailure(error));
      }
    }
  }

  #again(asking, wanted) {
    if (wanted && !asking.signal.aborted && !document.hidden) {
      this.#timer = setTimeout(() => this.now(), this.#wait);
    }
  }

  #pause() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
  }
}
