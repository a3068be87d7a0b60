// How fast a batch gets on: its rate and the time left in words, and how many lines came in a second over its life as a chart.

import * as api from "./api.js";
import { byId, setText } from "./elements.js";
import * as format from "./format.js";

const width = 600;
const height = 64;

/** Fewer would be a single block. */
const fewest = 3;

export class Throughput {
  #shown = "";

  clear() {
    this.#shown = "";
    setText(byId("batch-pace"), "");
    byId("batch-chart").hidden = true;
  }

  /** Asks and shows; of a batch that has ended once. */
  async show(batch, signal) {
    const shown = `${batch.id} ${batch.status}`;
    if (batch.status !== "in_progress" && shown === this.#shown) {
      return;
    }

    const progress = await api.getProgress(batch.id, signal);
    signal.throwIfAborted();
    this.#shown = shown;
    setText(byId("batch-pace"), batch.status === "in_progress" ? paceOf(progress) : "");
    showChart(progress);
  }
}

/** "12 lines a second, about 3 min left"; nothing where nothing is known. */
function paceOf({ at, lines_per_second: rate, seconds_left: left, stalled_since: stalled }) {
  return stalled !== null ? `no line since ${format.time(stalled)}, for ${format.duration(at - stalled, 1)}`
    : [rate !== null ? format.rate(rate) : null, left !== null ? `about ${format.duration(left, 1)} left` : null].filter((part) => part !== null).join(", ");
}

function showChart({ at, status, samples }) {
  const chart = byId("batch-chart");
  chart.hidden = samples.length < fewest;
  if (chart.hidden) {
    return;
  }

  // What has not come up to now is an empty place at the end.
  const begin = samples[0].at;
  const end = status === "in_progress" ? Math.max(at, samples.at(-1).at) : samples.at(-1).at;
  const steps = samples.slice(1).map((sample, place) => ({
    from: samples[place].at,
    to: sample.at,
    rate: (sample.done - samples[place].done) / (sample.at - samples[place].at),
  }));
  const most = Math.max(...steps.map(({ rate }) => rate));
  const x = (time) => ((time - begin) / (end - begin) * width).toFixed(1);
  const y = (rate) => (height - rate / most * height).toFixed(1);
  const path = steps.map(({ from, to, rate }) => `L${x(from)} ${y(rate)}L${x(to)} ${y(rate)}`).join("");
  chart.querySelector("path").setAttribute("d", `M0 ${height}${path}L${x(samples.at(-1).at)} ${height}Z`);
  chart.querySelector("svg").setAttribute(
    "aria-label",
    `Lines over time, from ${format.time(begin)} to ${format.time(end)}: at most ${format.rate(most)}, ${format.rate(steps.at(-1).rate)} last.`);
  setText(chart.querySelector("[data-field=most]"), `at most ${format.rate(most)}`);
  setText(chart.querySelector("[data-field=begin]"), format.time(begin));
  setText(chart.querySelector("[data-field=end]"), format.time(end));
}
