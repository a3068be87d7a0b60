// A batch in the list.

import { doneOf, dueOf, failedOf, isActive, nameOf, shortIdOf } from "./batch.js";
import { copyOf, field, setText } from "./elements.js";
import * as format from "./format.js";
import { showProgress, showStatus } from "./progress.js";

/** A row for a batch, to be shown again whenever something has changed, be it only the time. */
export function newRow(first) {
  const element = copyOf("row");
  const link = field(element, "link");
  link.href = `#/batches/${first.id}`;
  const show = (batch) => {
    const name = nameOf(batch);
    setText(link, name ?? shortIdOf(batch));
    link.classList.toggle("id", name === null);
    link.title = batch.id;
    setText(field(element, "facts"), factsOf(batch, name).join(" · "));
    showStatus(element.querySelector(".status"), batch);
    showProgress(element.querySelector(".progress"), batch);
    setText(field(element, "counts"), doneOf(batch));
    setText(field(element, "failed"), failedOf(batch));
    showTokens(element, batch.usage);
    showTimes(element, batch);
  };
  return { element, link, show };
}

function factsOf(batch, name) {
  const own = Object.entries(batch.metadata ?? {})
    .filter(([, value]) => value !== name)
    .map(([key, value]) => `${key}=${value}`);
  return [...(name === null ? [] : [shortIdOf(batch)]), batch.model ?? batch.endpoint, ...own];
}

function showTokens(element, usage) {
  const any = usage.total_tokens > 0;
  field(element, "tokens").toggleAttribute("data-none", !any);
  setText(field(element, "tokens"), any ? format.number(usage.total_tokens) : "–");
  setText(field(element, "split"), any ? `${format.roughly(usage.input_tokens)} in, ${format.roughly(usage.output_tokens)} out` : "");
}

function showTimes(element, batch) {
  const created = field(element, "created");
  const due = field(element, "due");
  const { at, text } = dueOf(batch);
  setText(created, format.age(batch.created_at));
  created.dateTime = new Date(batch.created_at * 1000).toISOString();
  created.title = format.date(batch.created_at);
  setText(due, text);
  due.dateTime = new Date(at * 1000).toISOString();
  due.title = format.date(at);
  due.classList.toggle("soon", isActive(batch) && at - format.now() < 3600);
}
