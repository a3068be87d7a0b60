// The npm client, unmodified but for OPENAI_BASE_URL and OPENAI_API_KEY, with a batch that runs: makes one, unless its id is given,
// and prints what there is of its output once there is any, or once it has ended, as one line of JSON.
import OpenAI, { toFile } from "openai";

const [, , given, toEnd] = process.argv;
const client = new OpenAI();
const line = (id) =>
  JSON.stringify({ custom_id: id, method: "POST", url: "/v1/chat/completions", body: { model: "m", messages: [{ role: "user", content: `marker=${id}` }] } });

async function make() {
  const file = await client.files.create({ purpose: "batch", file: await toFile(Buffer.from(["a", "b"].map(line).join("\n")), "requests.jsonl") });
  return (await client.batches.create({ input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" })).id;
}

const id = given ?? (await make());
const deadline = Date.now() + 60_000;
let batch = await client.batches.retrieve(id);
while (!(toEnd ? batch.status === "completed" : batch.output_file_id) && Date.now() < deadline) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  batch = await client.batches.retrieve(id);
}

const answer = await client.files.content(batch.output_file_id);
const rest = await client.files.content(batch.output_file_id, { query: { offset: 1 } });
console.log(JSON.stringify({
  id,
  status: batch.status,
  content: await answer.text(),
  rest: await rest.text(),
  incomplete: answer.headers.get("X-Incomplete"),
  lastLine: answer.headers.get("X-Last-Line"),
}));
