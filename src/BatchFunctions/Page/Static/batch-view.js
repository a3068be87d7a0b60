// A batch's own view: how far it is, what went wrong, when what happened, its files; alive while it is active.

import * as api from "./api.js";
import { isActive, isCancellable, labelOf, nameOf, progressOf, shareDone, shortIdOf } from "./batch.js";
import { Deletion } from "./delete.js";
import { byId, hold, renew, setText, takeAnswer } from "./elements.js";
import { ErrorCard } from "./errors.js";
import { figure, showPairs } from "./figures.js";
import { FileList } from "./files.js";
import * as format from "./format.js";
import { LatestLines } from "./latest.js";
import { say } from "./notices.js";
import { Poll } from "./poll.js";
import { showProgress, showStatus } from "./progress.js";
import { kinOf, Retry } from "./retry.js";
import { Throughput } from "./throughput.js";
import { showTimeline } from "./timeline.js";
import { showUpstream } from "./upstream.js";

export class BatchView {
  #id = null;
  #batch = null;
  #report;
  #poll;
  #files;
  #errors = new ErrorCard();
  #latest = new LatestLines();
  #retry;
  #deletion;
  #throughput = new Throughput();

  /** @param {(error: Error) => boolean} report shows an error and says whether it may pass */
  constructor(report) {
    this.#report = report;
    this.#files = new FileList(report);
    this.#retry = new Retry(report);
    this.#deletion = new Deletion(report);
    this.#poll = new Poll((signal) => this.#refresh(signal), report);
    byId("batch-cancel").addEventListener("click", () => byId("cancel-dialog").showModal());
    byId("cancel-dialog").addEventListener("close", () => this.#cancel());
    byId("batch-copy").hidden = !navigator.clipboard;
    byId("batch-copy").addEventListener("click", () => this.#copyId().catch(report));
    setInterval(() => document.hidden || !this.#batch || this.#render(), 15000);
  }

  /** Shows a batch, at once if something is known of it. */
  show(id, known) {
    this.#id = id;
    this.#batch = known;
    this.#files.clear();
    this.#errors.clear();
    this.#latest.clear();
    this.#throughput.clear();
    byId("batch-view").hidden = false;
    byId("batch-panels").hidden = !known;
    byId("batch-cancel").hidden = true;
    this.#retry.hide();
    this.#deletion.hide();
    byId("batch-status").hidden = !known;
    byId("batch-title").textContent = "Batch";
    byId("batch-id").textContent = id;
    if (known) {
      this.#render();
    }

    byId("batch-title").focus();
    return this.#poll.start();
  }

  hide() {
    byId("batch-view").hidden = true;
    byId("cancel-dialog").close();
    this.#retry.hide();
    this.#deletion.hide();
    this.#id = null;
    this.#batch = null;
    this.#poll.stop();
    this.#latest.clear();
  }

  async #refresh(signal) {
    const batch = await api.getBatch(this.#id, signal);
    const changed = this.#take(batch);
    await this.#throughput.show(batch, signal);
    await this.#latest.show(batch, signal);
    await this.#errors.show(batch, signal);
    await showUpstream(isActive(batch), signal);
    return { active: isActive(batch), changed };
  }

  #take(batch) {
    const before = this.#batch;
    this.#batch = batch;
    if (before && before.status !== batch.status) {
      say(`${labelOf(batch)}: ${progressOf(batch)}`);
    }

    this.#render();
    return JSON.stringify(before) !== JSON.stringify(batch);
  }

  #render() {
    const batch = this.#batch;
    const name = nameOf(batch);
    document.title = `${isActive(batch) ? format.share(shareDone(batch)) : labelOf(batch)} · ${name ?? shortIdOf(batch)}`;
    setText(byId("batch-title"), name ?? `Batch of ${format.date(batch.created_at)}`);
    byId("batch-panels").hidden = false;
    byId("batch-status").hidden = false;
    byId("batch-cancel").hidden = !isCancellable(batch);
    this.#retry.show(batch);
    this.#deletion.show(batch);
    showStatus(byId("batch-status"), batch);
    showProgress(byId("batch-progress"), batch);
    showCounts(batch);
    showTimeline(byId("batch-timeline"), batch);
    showPairs(byId("batch-tokens"), tokensOf(batch.usage));
    showPairs(byId("batch-facts"), factsOf(batch));
    this.#files.show(batch);
  }

  async #cancel() {
    if (!takeAnswer(byId("cancel-dialog"), "cancel")) {
      return;
    }

    const id = this.#id;
    try {
      const batch = await hold(byId("batch-cancel"), () => api.cancelBatch(id));
      if (id === this.#id) {
        this.#take(batch);
        byId("batch-title").focus();
        await this.#poll.start();
      }
    } catch (error) {
      this.#report(error);
    }
  }

  async #copyId() {
    await navigator.clipboard.writeText(this.#id);
    say("Copied");
  }
}

function showCounts(batch) {
  const { total, completed, failed } = batch.request_counts;
  const rest = total - completed - failed;
  renew(byId("batch-counts"), [
    figure("Completed", completed),
    figure("Failed", failed, "bad"),
    ...(isActive(batch) || rest > 0 ? [figure(isActive(batch) ? "Waiting" : "Never run", rest)] : []),
    figure("Lines", total),
  ]);
  byId("batch-progress-card").hidden = total === 0 && !isActive(batch);
  setText(byId("batch-reading"), batch.status === "validating" ? progressOf(batch) : "");
}

const tokensOf = (usage) => [
  ["Input", `${format.number(usage.input_tokens)}${partOf(usage.input_tokens_details.cached_tokens, "cached")}`],
  ["Output", `${format.number(usage.output_tokens)}${partOf(usage.output_tokens_details.reasoning_tokens, "reasoning")}`],
  ["Total", format.number(usage.total_tokens)],
];

const partOf = (count, what) => (count > 0 ? `, ${format.number(count)} ${what}` : "");

const factsOf = (batch) => [
  ["Endpoint", batch.endpoint],
  ["Model", batch.model ?? (batch.status === "validating" ? "–" : "various or none")],
  ["Window", batch.completion_window],
  ["Deadline", format.date(batch.expires_at)],
  ...kinOf(batch),
  ...Object.entries(batch.metadata ?? {}),
];
