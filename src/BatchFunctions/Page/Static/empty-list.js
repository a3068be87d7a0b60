// What stands in the place of a list that has no batch yet.

import { make } from "./elements.js";

/** Fills the place when it is first needed. */
export function showEmptyList(place, empty) {
  place.hidden = !empty;
  if (!empty || place.hasChildNodes()) {
    return;
  }

  const auth = '-H "Authorization: Bearer $OPENAI_API_KEY"';
  const base = `${location.origin}/v1`;
  place.append(
    make("h2", { text: "No batches yet" }),
    make("p", { text: "Drop a JSONL file of requests anywhere on this page, choose one with “New batch”, or send it yourself:" }),
    make("pre", {
      tabindex: "0",
      "aria-label": "Commands",
      text: [
        `curl ${base}/files ${auth} \\`,
        "  -F purpose=batch -F file=@requests.jsonl",
        `curl ${base}/batches ${auth} -H "Content-Type: application/json" \\`,
        '  -d \'{"input_file_id":"file-…","endpoint":"/v1/chat/completions","completion_window":"24h"}\'',
      ].join("\n"),
    }),
    make("p", { text: "A line of such a file:" }),
    make("pre", {
      tabindex: "0",
      "aria-label": "A line of a file",
      text: '{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"any","messages":[{"role":"user","content":"Hello"}]}}',
    }));
}
