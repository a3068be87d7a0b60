// The list: newest first, alive while a batch in it is active, and longer by a page each time that more is asked for.

import * as api from "./api.js";
import { isActive, labelOf, nameOf, shortIdOf } from "./batch.js";
import { arrange, byId } from "./elements.js";
import * as format from "./format.js";
import { showEmptyList } from "./empty-list.js";
import { FilterBar } from "./filter-bar.js";
import { showLimits } from "./limits.js";
import { say } from "./notices.js";
import { Poll } from "./poll.js";
import { newRow } from "./row.js";
import { showUpstream } from "./upstream.js";

const pageSize = 50;

export class ListView {
  /** Id to { batch, row }; the ids' own order is the list's. */
  #entries = new Map();
  #hasMore = false;
  #loaded = false;
  #poll;
  #filter;

  /** @param {(error: Error) => boolean} report shows an error and says whether it may pass */
  constructor(report) {
    this.#poll = new Poll((signal) => this.#refresh(signal), report);
    this.#filter = new FilterBar(() => {
      this.#forget();
      this.#poll.start();
    });
    byId("list-refresh").addEventListener("click", () => this.#poll.start());
    byId("list-more").addEventListener("click", () => this.#loadMore().catch(report));
    setInterval(() => document.hidden || this.#entries.forEach(({ batch, row }) => row.show(batch)), 15000);
  }

  show() {
    byId("list-view").hidden = false;
    document.title = "Batches";
    return this.#poll.start();
  }

  hide() {
    byId("list-view").hidden = true;
    this.#poll.stop();
  }

  clear() {
    this.#filter.clear();
    this.#forget();
    showLimits(false);
  }

  #forget() {
    this.#entries = new Map();
    this.#loaded = false;
    this.#hasMore = false;
    this.#render();
  }

  /** What the list last knew of a batch. */
  find(id) {
    return this.#entries.get(id)?.batch ?? null;
  }

  /** Puts the focus on a batch's row, or on the title if it has none. */
  focus(id) {
    (this.#entries.get(id)?.row.link ?? byId("list-title")).focus();
  }

  get #ids() {
    return [...this.#entries.keys()].sort().reverse();
  }

  /**
   * The first page, then only those further stretches that hold an active batch: a cursor is any batch's id, so each is one
   * request from the batch before it. What such a stretch has beyond the list's end is left to be asked for, as long as there is more.
   */
  async #refresh(signal) {
    const entries = this.#entries;
    const filter = this.#filter.query;
    const known = this.#ids;
    const seen = new Set();
    let changed = false;
    const take = async (after) => {
      const page = await api.listBatches({ after, limit: pageSize, filter }, signal);
      if (entries !== this.#entries) {
        throw new DOMException("The list is another by now.", "AbortError");
      }

      const lowest = after !== null && this.#hasMore ? this.#ids.at(-1) ?? "" : "";
      const taken = page.data.filter(({ id }) => id >= lowest);
      for (const batch of taken) {
        seen.add(batch.id);
        changed = this.#put(batch) || changed;
      }

      // What stood in this stretch and does not any more matches no longer.
      const end = page.has_more ? page.last_id : "";
      for (const id of this.#ids.filter((one) => (after === null || one < after) && one >= end && !seen.has(one))) {
        entries.delete(id);
        changed = true;
      }

      // A page that the list ends with tells whether there is more, be it that older batches have begun to match.
      if (taken.length === page.data.length && (!page.has_more || page.last_id === this.#ids.at(-1))) {
        this.#hasMore = page.has_more;
      }

      return page;
    };

    let page = await take(null);

    // More new batches than a page holds: on until one that was known.
    while (known.length > 0 && page.has_more && page.last_id > known[0]) {
      page = await take(page.last_id);
    }

    const ids = this.#ids;
    for (const [place, id] of ids.entries()) {
      if (!seen.has(id) && this.find(id) && isActive(this.find(id))) {
        await take(ids[place - 1]);
        seen.add(id);
      }
    }

    this.#loaded = true;
    this.#render();
    const active = [...this.#entries.values()].some(({ batch }) => isActive(batch));
    await Promise.all([showUpstream(active, signal), showLimits(active, signal)]);
    return { active, changed };
  }

  async #loadMore() {
    const more = byId("list-more");
    const entries = this.#entries;
    more.disabled = true;
    try {
      const page = await api.listBatches({ after: this.#ids.at(-1), limit: pageSize, filter: this.#filter.query });
      if (entries !== this.#entries) {
        return;
      }

      page.data.forEach((batch) => this.#put(batch));
      this.#hasMore = page.has_more;
      this.#render();
      say(`${page.data.length} more batches`);
      if (!this.#hasMore) {
        this.focus(page.data[0]?.id);
      }
    } finally {
      more.disabled = false;
    }

    if (this.#hasMore) {
      more.focus();
    }

    await this.#poll.now();
  }

  /** Takes in what the API says of a batch; whether that is news. */
  #put(batch) {
    const entry = this.#entries.get(batch.id);
    if (!entry) {
      this.#entries.set(batch.id, { batch, row: newRow(batch) });
      return true;
    }

    const changed = JSON.stringify(entry.batch) !== JSON.stringify(batch);
    if (isActive(entry.batch) && !isActive(batch)) {
      say(`${nameOf(batch) ?? shortIdOf(batch)}: ${labelOf(batch)}`);
    }

    entry.batch = batch;
    return changed;
  }

  #render() {
    const ids = this.#ids;
    const shown = ids.map((id) => this.#entries.get(id));
    shown.forEach(({ batch, row }) => row.show(batch));
    arrange(byId("list-rows"), shown.map(({ row }) => row.element));

    const active = ids.filter((id) => isActive(this.find(id))).length;
    byId("list").hidden = ids.length === 0;
    byId("list-more").hidden = !this.#hasMore;
    byId("list-live").dataset.live = String(active > 0);
    byId("list-live").textContent = this.#summaryOf(ids.length, active);
    const isEmpty = this.#loaded && ids.length === 0;
    byId("list-none").hidden = !isEmpty || !this.#filter.isSet;
    byId("filter").hidden = isEmpty && !this.#filter.isSet;
    byId("filter-clear").hidden = !this.#filter.isSet;
    showEmptyList(byId("list-empty"), isEmpty && !this.#filter.isSet);
  }

  #summaryOf(count, active) {
    const shown = `${format.number(count)} ${this.#hasMore ? "newest" : this.#filter.isSet ? "found" : "in all"}`;
    return count === 0 ? "" : active > 0 ? `${shown} · ${format.number(active)} active` : shown;
  }
}
