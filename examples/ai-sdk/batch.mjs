// Takes prompts from a batch's start to its results with the Vercel AI SDK, which sends them to /v1/responses.
import { setTimeout } from "node:timers/promises";
import { createOpenAI } from "@ai-sdk/openai";
import {
  experimental_getBatchResults as getBatchResults,
  experimental_getBatchStatus as getBatchStatus,
  experimental_listBatches as listBatches,
  experimental_startBatch as startBatch,
} from "ai";

const provider = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL, apiKey: process.env.OPENAI_API_KEY });
const batch = await startBatch({
  provider,
  requests: ["a", "b"].map((id) => ({ id, type: "text", model: "llama-3.1-8b", prompt: `Say ${id}.` })),
});

let { status } = await getBatchStatus({ provider, batch });
while (status === "pending") {
  await setTimeout(1000);
  ({ status } = await getBatchStatus({ provider, batch }));
}

const { batches } = await listBatches({ provider, limit: 1 });
console.error(status, batches[0].id);
for await (const result of getBatchResults({ provider, batch })) {
  console.log(JSON.stringify({ custom_id: result.id, status: result.status, text: result.text ?? result.error }));
}
