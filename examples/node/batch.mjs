// Takes a file of requests from upload to results with the official client, which reads OPENAI_BASE_URL and OPENAI_API_KEY.
import { createReadStream } from "node:fs";
import { setTimeout } from "node:timers/promises";
import OpenAI from "openai";

const client = new OpenAI();
const requests = process.argv[2] ?? new URL("../requests.jsonl", import.meta.url);
const file = await client.files.create({ purpose: "batch", file: createReadStream(requests) });
let batch = await client.batches.create({ input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" });
while (!["completed", "failed", "expired", "cancelled"].includes(batch.status)) {
  await setTimeout(1000);
  batch = await client.batches.retrieve(batch.id);
}

console.error(batch.status, batch.request_counts);
for (const id of [batch.output_file_id, batch.error_file_id].filter(Boolean)) {
  process.stdout.write(await (await client.files.content(id)).text());
}
