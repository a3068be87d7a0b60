// Usage over days as bars: what went well below, what did not on top of it.

import { byId, setText } from "./elements.js";
import * as format from "./format.js";

const width = 600;
const height = 140;

/** How much of its day's place a bar takes. */
const share = 0.8;

const kinds = {
  lines: { name: "lines", good: ({ requests }) => requests.completed, bad: ({ requests: { total, completed } }) => total - completed, badName: "failed or never run" },
  tokens: { name: "tokens", good: (result) => result.input_tokens + result.output_tokens, bad: () => 0, badName: "" },
  batches: { name: "batches", good: ({ batches }) => batches.completed, bad: ({ batches: { total, completed } }) => total - completed, badName: "not completed" },
};

/** @param {{start_time: number, results: object[]}[]} days */
export function showBars(days, what) {
  const { name, good, bad, badName } = kinds[what];
  const bars = days.map(({ start_time: at, results }) => ({
    at,
    good: results.reduce((sum, result) => sum + good(result), 0),
    bad: results.reduce((sum, result) => sum + bad(result), 0),
  }));
  const most = Math.max(1, ...bars.map((bar) => bar.good + bar.bad));
  const step = width / Math.max(1, bars.length);
  const path = (from, to) => bars.map((bar, place) => {
    const [low, high] = [from(bar), to(bar)].map((value) => (height - value / most * height).toFixed(1));
    const [left, right] = [place * step + step * (1 - share) / 2, place * step + step * (1 + share) / 2].map((x) => x.toFixed(1));
    return low === high ? "" : `M${left} ${low}V${high}H${right}V${low}Z`;
  }).join("");
  const chart = byId("usage-chart");
  chart.querySelector(".good").setAttribute("d", path(() => 0, (bar) => bar.good));
  chart.querySelector(".bad").setAttribute("d", path((bar) => bar.good, (bar) => bar.good + bar.bad));
  const sum = (value) => bars.reduce((total, bar) => total + value(bar), 0);
  const top = bars.reduce((best, bar) => (bar.good + bar.bad > best.good + best.bad ? bar : best), { at: bars[0]?.at ?? 0, good: 0, bad: 0 });
  const peak = `at most ${format.number(top.good + top.bad)} ${name} on ${format.day(top.at)}`;
  chart.querySelector("svg").setAttribute(
    "aria-label",
    `${format.number(sum((bar) => bar.good + bar.bad))} ${name} in ${bars.length} days${badName ? `, ${format.number(sum((bar) => bar.bad))} of them ${badName}` : ""}: ${peak}.`);
  setText(chart.querySelector("[data-field=most]"), peak);
  setText(chart.querySelector("[data-field=bad]"), badName);
  chart.querySelector(".key").hidden = !badName;
  setText(chart.querySelector("[data-field=begin]"), bars.length ? format.day(bars[0].at) : "");
  setText(chart.querySelector("[data-field=end]"), bars.length ? format.day(bars.at(-1).at) : "");
}
