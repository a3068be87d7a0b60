// What a file's lines come to, and what is wrong with them, before a batch is made of it: the service's own check, gone on with until
// it has come to the end of the file.

import * as api from "./api.js";
import { byId } from "./elements.js";
import { showPairs, showTable } from "./figures.js";
import * as format from "./format.js";
import { fillTable } from "./line-table.js";

/**
 * Checks a file.
 * @param {(lines: number) => void} onProgress told the lines that have been checked, where one answer was not enough
 * @returns all answers together
 */
export async function check(fileId, endpoint, onProgress, signal) {
  let found = await api.checkFile(fileId, { endpoint }, signal);
  while (found.next !== null) {
    onProgress(found.lines);
    found = together(found, await api.checkFile(fileId, { endpoint, after: found.next }, signal));
  }

  return found;
}

/** Two answers as one. Of the faults those of the first are told, which are as many as can be read. */
function together(first, second) {
  const faults = { ...first.faults, total: first.faults.total + second.faults.total, lines: first.faults.lines + second.faults.lines };
  const tokens = Object.fromEntries(Object.entries(first.tokens).map(([name, count]) => [name, count + second.tokens[name]]));
  const models = new Map(first.models.map((model) => [model.model, model]));
  for (const model of second.models) {
    const before = models.get(model.model);
    models.set(model.model, before
      ? { ...before, lines: before.lines + model.lines, tokens: before.tokens + model.tokens, exact: before.exact && model.exact }
      : model);
  }

  return {
    ...first,
    next: second.next,
    valid: first.valid && second.valid,
    lines: first.lines + second.lines,
    tokens,
    models: [...models.values()].sort((one, other) => other.lines - one.lines),
    faults: { ...faults, data: first.faults.data.length > 0 ? first.faults.data : second.faults.data },
  };
}

export function hideCheck() {
  byId("create-found").hidden = true;
  byId("create-verdict").textContent = "";
}

export function showCheck(found) {
  byId("create-found").hidden = false;
  byId("create-verdict").textContent = found.valid
    ? `Nothing is wrong with its ${format.lines(found.lines)}.`
    : `${format.number(found.faults.total)} ${found.faults.total === 1 ? "fault" : "faults"}, ${format.number(found.faults.lines)} of ${format.lines(found.lines)} wrong: such a batch fails before anything is sent.`;
  byId("create-verdict").classList.toggle("wrong", !found.valid);
  showPairs(byId("create-sums"), [["Lines", format.number(found.lines)], ["Tokens of input", tokensOf(found.tokens)], ...restOf(found.tokens)]);
  showTable(byId("create-models"), ["Model", "Lines", "Tokens"], found.models.map((model) => ({
    cells: [model.model ?? "none named", format.number(model.lines), `${model.exact ? "" : "about "}${format.number(model.tokens)}`],
    tone: model.served ? "" : "bad",
  })));
  showFaults(found.faults);
  byId("create-found").scrollIntoView({ block: "nearest" });
}

const tokensOf = ({ counted, estimated }) => (estimated === 0 ? format.number(counted)
  : counted === 0 ? `about ${format.number(estimated)}, an estimate`
    : `${format.number(counted)}, and about ${format.number(estimated)} by estimate`);

const restOf = ({ lines_with_more: lines }) => (lines > 0 ? [["Not counted", `images, audio, files, tools in ${format.lines(lines)}`]] : []);

function showFaults({ total, data }) {
  const rest = total - data.length;
  byId("create-faults-box").hidden = data.length === 0;
  byId("create-faults-note").textContent = rest > 0 ? `And ${format.number(rest)} more.` : "";
  fillTable(byId("create-faults"), ["Line", "Message"], data.map(({ line, message }) => [line === null ? "" : format.number(line), message]));
}
