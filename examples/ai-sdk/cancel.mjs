// Starts a batch with the Vercel AI SDK and cancels it. What was answered by then is there as after any other end.
import { setTimeout } from "node:timers/promises";
import { createOpenAI } from "@ai-sdk/openai";
import {
  experimental_cancelBatch as cancelBatch,
  experimental_getBatchResults as getBatchResults,
  experimental_getBatchStatus as getBatchStatus,
  experimental_startBatch as startBatch,
} from "ai";

const provider = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL, apiKey: process.env.OPENAI_API_KEY });
const batch = await startBatch({
  provider,
  requests: ["a", "b"].map((id) => ({ id, type: "text", model: "llama-3.1-8b", prompt: `Say ${id}.` })),
});

// A batch that is cancelled before its lines have been read has no results, not even of these.
let { status, rawStatus } = await getBatchStatus({ provider, batch });
while (rawStatus === "validating") {
  await setTimeout(200);
  ({ status, rawStatus } = await getBatchStatus({ provider, batch }));
}

await cancelBatch({ provider, batch });
({ status, rawStatus } = await getBatchStatus({ provider, batch }));
while (status === "pending") {
  await setTimeout(1000);
  ({ status, rawStatus } = await getBatchStatus({ provider, batch }));
}

// The SDK calls such a batch failed; the service's own word says why.
console.error(status, rawStatus);
for await (const result of getBatchResults({ provider, batch })) {
  console.log(result.id, result.status);
}
