// Failures by what they have in common. Each group opens to an example: what was asked for beside what was answered.

import { arrange, byId, field, copyOf, setText } from "./elements.js";
import * as format from "./format.js";

/** Shows groups. One that was there before stays as it is, open or not, and is counted anew. */
export function showFailures(groups) {
  const list = byId("batch-failures");
  const before = new Map([...list.children].map((element) => [element.dataset.key, element]));
  arrange(list, groups.map((group) => {
    const key = JSON.stringify([group.status_code, group.code, group.pattern]);
    const element = before.get(key) ?? elementOf(group);
    element.dataset.key = key;
    setText(field(element, "count"), format.number(group.count));
    return element;
  }));
}

function elementOf({ status_code: status, code, pattern, message, example }) {
  const element = copyOf("failure");
  setText(field(element, "code"), [status, code === String(status) ? null : code].filter((part) => part !== null && part !== "").join(" "));
  setText(field(element, "pattern"), pattern);
  const place = [example.custom_id, example.line === null ? null : `line ${format.number(example.line)}`].filter((part) => part !== null).join(", ");
  setText(field(element, "place"), place && `For example ${place}`);
  setText(field(element, "message"), message);
  field(element, "message").hidden = message === pattern;
  showLine(element, "request", example.request, (line) => line.body ?? line);
  showLine(element, "answer", example.answer, (line) => line.response?.body ?? line.error ?? line);
  return element;
}

/** A line of a file, as far as it matters here; as it stands where it is no JSON, or has been cut off. */
function showLine(element, name, line, partOf) {
  field(element, `${name}-box`).hidden = line === null;
  if (line === null) {
    return;
  }

  let text = line.text;
  try {
    text = JSON.stringify(partOf(JSON.parse(line.text)), null, 2);
  } catch {
    text += new TextEncoder().encode(line.text).length < line.bytes ? `… (${format.bytes(line.bytes)})` : "";
  }

  setText(field(element, name), text);
}
