// The whole service, for operators: queues, batches and projects, and what the upstreams do. Alive while it is shown.

import * as api from "./api.js";
import { labelOf, shortIdOf } from "./batch.js";
import { byId, renew, setText } from "./elements.js";
import { figure, showPairs, showTable } from "./figures.js";
import * as format from "./format.js";
import { Poll } from "./poll.js";
import { UpstreamCards } from "./upstream-card.js";

/** What it costs to tell is a look at each queue and at all active batches: no more often than an eye follows. */
const calm = { shortest: 10000, longest: 10000 };

export class ServiceView {
  #poll;
  #upstreams = new UpstreamCards();

  /**
   * @param {(error: Error) => boolean} report shows an error and says whether it may pass
   * @param {() => void} onRefused called where the key is not an operator's any more
   */
  constructor(report, onRefused) {
    const onFailure = (error) => (error.status === 403 ? onRefused() : report(error));
    this.#poll = new Poll((signal) => this.#refresh(signal), onFailure, calm);
  }

  show() {
    byId("service-view").hidden = false;
    byId("service-panels").hidden = true;
    setText(byId("service-live"), "");
    document.title = "Service";
    byId("service-title").focus();
    return this.#poll.start();
  }

  hide() {
    byId("service-view").hidden = true;
    this.#poll.stop();
  }

  async #refresh(signal) {
    const overview = await api.getOverview(signal);
    this.#upstreams.show(overview.upstreams);
    showBatches(overview.batches);
    showProjects(overview);
    showQueues(overview.queues);
    byId("service-panels").hidden = false;
    byId("service-live").dataset.live = "true";
    setText(byId("service-live"), `as of ${format.time(format.now())}`);
    return { active: true, changed: false };
  }
}

function showBatches(batches) {
  const { oldest } = batches;
  renew(byId("service-batches"), [
    figure("Active", batches.total),
    figure("Validating", batches.validating),
    figure("In progress", batches.in_progress),
    figure("Finalizing", batches.finalizing),
    figure("Cancelling", batches.cancelling),
    figure("Waiting lines", batches.enqueued_requests),
  ]);
  showPairs(byId("service-oldest"), oldest === null ? [] : [
    ["Oldest", `${labelOf(oldest)}, made ${format.age(oldest.created_at)}`],
    ["Project", oldest.project],
    ["Id", shortIdOf(oldest)],
  ]);
}

/** Projects by what waits in storage, with what of it the processes have at hand. */
function showProjects({ projects, upstreams }) {
  const atHand = new Map();
  upstreams.flatMap((upstream) => upstream.projects)
    .forEach(({ project, at_hand: lines }) => atHand.set(project, (atHand.get(project) ?? 0) + lines));
  showTable(byId("service-projects"), ["Project", "Batches", "Waiting", "At hand"], projects.map(({ project, batches, enqueued_requests: lines }) => ({
    cells: [project, format.number(batches), format.number(lines), atHand.has(project) ? format.number(atHand.get(project)) : "–"],
  })));
  byId("service-no-projects").hidden = projects.length > 0;
}

function showQueues(queues) {
  showTable(byId("service-queues"), ["Queue", "Messages", "Oldest"], queues.map((queue) => ({
    cells: [queue.name, format.number(queue.messages), queue.messages > 0 ? format.duration(queue.oldest_age) : "–"],
    tone: queue.is_poison && queue.messages > 0 ? "bad" : "",
  })));
}
