// The upstreams as all processes share them, a card each.

import { arrange, byId, copyOf, field, renew, setText } from "./elements.js";
import { figure, showTable } from "./figures.js";
import * as format from "./format.js";

/** Processes that are told apart, those with the most. */
const mostProcesses = 12;

export class UpstreamCards {
  #cards = new Map();

  show(upstreams) {
    const cards = upstreams.map((upstream) => {
      const card = this.#cards.get(upstream.name) ?? copyOf("upstream-card");
      showUpstream(card, upstream);
      return [upstream.name, card];
    });
    this.#cards = new Map(cards);
    arrange(byId("service-upstreams"), cards.map(([, card]) => card));
  }
}

function showUpstream(card, upstream) {
  const { limit, in_flight: inFlight, held, waiting, throughput, sent, refused, processes } = upstream;
  card.setAttribute("aria-label", `Upstream ${upstream.name}`);
  setText(field(card, "name"), `Upstream ${upstream.name}`);
  setText(field(card, "host"), upstream.host);
  showCondition(field(card, "condition"), upstream.condition);
  const bar = field(card, "bar");
  bar.setAttribute("aria-valuemax", String(limit ?? held));
  bar.setAttribute("aria-valuenow", String(Math.min(inFlight, limit ?? held)));
  bar.setAttribute("aria-valuetext", `${format.number(inFlight)} of ${format.lines(limit ?? held)}`);
  bar.firstElementChild.style.width = limit > 0 ? `${Math.min(100, 100 * inFlight / limit)}%` : "0";
  renew(field(card, "figures"), [
    figure(upstream.limit_mode === "auto" ? "Limit found" : "Limit set", limit),
    figure("Held", held),
    figure("In flight", inFlight),
    figure("Waiting at hand", waiting),
    figure("Lines a second", throughput, "", format.decimal),
    figure("Sent lately", sent),
    figure("Refused of them", refused, "bad"),
  ]);
  showTable(field(card, "processes"), ["Process", "Held", "In flight", "Waiting", "Lines a second", "Upstream"], rowsOf(processes));
}

function rowsOf(processes) {
  const shown = processes.length > mostProcesses ? processes.slice(0, mostProcesses - 1) : processes;
  const others = processes.slice(shown.length);
  const sum = (name) => others.reduce((total, process) => total + process[name], 0);
  const rows = shown.map(({ process, held, in_flight: inFlight, waiting, throughput, condition }) => (
    { cells: [process, ...[held, inFlight, waiting].map(format.number), format.decimal(throughput), shortly(condition)], tone: toneOf(condition) }));
  if (others.length > 0) {
    const away = others.filter(({ condition }) => condition.status === "away").length;
    rows.push({
      cells: [
        `${format.number(others.length)} others`, ...["held", "in_flight", "waiting"].map((name) => format.number(sum(name))), format.decimal(sum("throughput")),
        away > 0 ? `away for ${format.number(away)}` : "ok",
      ],
      tone: away > 0 ? "bad" : "",
    });
  }

  return rows;
}

/** How a process sees the upstream, in a word or two. */
const shortly = ({ status, reason }) => (status === "away" ? `away (${reason})` : status === "ok" ? "ok" : "–");

const toneOf = ({ status }) => (status === "away" ? "bad" : "");

const conditions = {
  ok: { sign: "completed", text: () => "Lines go through" },
  away: { sign: "failed", text: ({ away_since: since, reason }) => `Away since ${format.date(since)} (${reason})` },
  unknown: { sign: "cancelled", text: () => "Nothing sent lately" },
};

function showCondition(element, condition) {
  const { sign, text } = conditions[condition.status] ?? conditions.unknown;
  element.dataset.status = sign;
  element.querySelector("use").setAttribute("href", `#sign-${sign}`);
  setText(field(element, "text"), text(condition));
}
