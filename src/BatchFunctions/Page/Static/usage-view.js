// What the project has used: a chart over days, and what that comes to, by model and by kind of failure.

import * as api from "./api.js";
import { byId, setText } from "./elements.js";
import { figure, showTable } from "./figures.js";
import * as format from "./format.js";
import { showBars } from "./usage-chart.js";

const day = 24 * 60 * 60;

export class UsageView {
  #report;
  #stop = new AbortController();
  #days = [];

  /** @param {(error: Error) => boolean} report shows an error */
  constructor(report) {
    this.#report = report;
    byId("usage-range").addEventListener("change", () => this.#refresh());
    byId("usage-what").addEventListener("change", () => showBars(this.#days, byId("usage-what").value));
  }

  show() {
    byId("usage-view").hidden = false;
    byId("usage-panels").hidden = true;
    document.title = "Usage";
    byId("usage-title").focus();
    return this.#refresh();
  }

  hide() {
    byId("usage-view").hidden = true;
    this.#stop.abort();
  }

  async #refresh() {
    this.#stop.abort();
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const end = (Math.floor(format.now() / day) + 1) * day;
    const start = end - Number(byId("usage-range").value) * day;
    try {
      const [days, models] = await Promise.all([api.getUsage(start, end, "day", signal), api.getUsage(start, end, "model", signal)]);
      signal.throwIfAborted();
      this.#days = days.data;
      showBars(this.#days, byId("usage-what").value);
      showSums(days.data.flatMap(({ results }) => results));
      showModels(models.data.flatMap(({ results }) => results));
      byId("usage-panels").hidden = false;
    } catch (error) {
      if (!signal.aborted) {
        this.#report(error);
      }
    }
  }
}

const sumOf = (results, value) => results.reduce((sum, result) => sum + value(result), 0);

function showSums(results) {
  byId("usage-sums").replaceChildren(
    figure("Batches", sumOf(results, ({ batches }) => batches.total)),
    figure("Completed lines", sumOf(results, ({ requests }) => requests.completed)),
    figure("Failed lines", sumOf(results, ({ requests }) => requests.failed), "bad"),
    figure("Never run", sumOf(results, ({ requests: { total, completed, failed } }) => total - completed - failed)),
    figure("Input tokens", sumOf(results, (result) => result.input_tokens)),
    figure("Output tokens", sumOf(results, (result) => result.output_tokens)));
  setText(byId("usage-time"), `${format.duration(sumOf(results, (result) => result.batch_seconds))} from the making of each batch to its end, added up`);
  const kinds = new Map();
  results.flatMap(({ failures }) => failures).forEach(({ kind, requests }) => kinds.set(kind, (kinds.get(kind) ?? 0) + requests));
  showTable(byId("usage-failures"), ["Kind", "Lines"], [...kinds].sort((left, right) => right[1] - left[1]).map(([kind, lines]) => ({ cells: [kind, format.number(lines)] })));
  byId("usage-no-failures").hidden = kinds.size > 0;
}

function showModels(results) {
  showTable(byId("usage-models"), ["Model", "Batches", "Lines", "Tokens"], results.map((result) => ({
    cells: [
      result.model ?? "several, or none known",
      format.number(result.batches.total),
      format.number(result.requests.total),
      format.roughly(result.input_tokens + result.output_tokens),
    ],
  })));
  byId("usage-no-models").hidden = results.length > 0;
}
