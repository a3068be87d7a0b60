// A line of an output or error file, as far as the page shows it: its id, its status or code, and its words.

const longestWords = 500;

/** The three as texts; null for what is no line of results, such as one that is cut off. */
export function readLine(text) {
  let line;
  try {
    line = JSON.parse(text);
  } catch {
    return null;
  }

  const { custom_id: id, response, error } = line ?? {};
  return [String(id ?? ""), String(response?.status_code ?? error?.code ?? ""), short(error?.message ?? wordsOf(response?.body))];
}

/** The same of a line's beginning, without its words: those of a line that is too long to be read for a preview. */
export function readBeginning(text) {
  const id = /"custom_id":\s*("(?:[^"\\]|\\.)*")/.exec(text)?.[1];
  return id === undefined ? null : [JSON.parse(id), /"status_code":\s*(\d+)/.exec(text)?.[1] ?? "", "Too long to be shown here"];
}

/** The words of an upstream's answer: what a model has said, those of OpenAI's envelope for errors, or the answer as it is. */
const wordsOf = (body) => body?.choices?.[0]?.message?.content ?? body?.choices?.[0]?.text ?? body?.choices?.[0]?.message
  ?? spokenIn(body?.output) ?? embeddingOf(body?.data?.[0]?.embedding)
  ?? body?.error?.message ?? body?.error ?? body?.message ?? body;

/** The first text of an answer of the Responses API. */
const spokenIn = (output) => (Array.isArray(output)
  ? output.flatMap((item) => item?.content ?? []).find((part) => typeof part?.text === "string")?.text
  : undefined);

const embeddingOf = (embedding) => (Array.isArray(embedding) ? `${embedding.length} numbers` : undefined);

const short = (words) => (typeof words === "string" ? words : JSON.stringify(words) ?? "").slice(0, longestWords);
