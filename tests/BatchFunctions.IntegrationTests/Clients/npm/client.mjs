// The npm client, unmodified but for OPENAI_BASE_URL and OPENAI_API_KEY: prints what it saw as one line of JSON.
import OpenAI, { toFile } from "openai";

const client = new OpenAI();
const line = (id) =>
  JSON.stringify({ custom_id: id, method: "POST", url: "/v1/chat/completions", body: { model: "echo", messages: [{ role: "user", content: id }] } });
const file = await client.files.create({ purpose: "batch", file: await toFile(Buffer.from(["a", "b", "c"].map(line).join("\n")), "requests.jsonl") });
const made = [];
for (let i = 0; i < 5; i++) {
  made.push(await client.batches.create({ input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h", metadata: { number: `${i}` } }));
}

let batch;
const deadline = Date.now() + 60_000;
do {
  await new Promise((resolve) => setTimeout(resolve, 100));
  batch = await client.batches.retrieve(made[0].id);
} while (!["completed", "failed", "expired", "cancelled"].includes(batch.status) && Date.now() < deadline);
const content = await (await client.files.content(batch.output_file_id)).text();
const listed = [];
for await (const one of client.batches.list({ limit: 2 })) {
  listed.push(one.id);
}

const upload = await client.uploads.create({ filename: "notes.txt", purpose: "user_data", bytes: 6, mime_type: "text/plain" });
const parts = [];
for (const text of ["abc", "def"]) {
  parts.push(await client.uploads.parts.create(upload.id, { data: await toFile(Buffer.from(text), "part") }));
}

const completed = await client.uploads.complete(upload.id, { part_ids: parts.map((part) => part.id) });
const notes = await (await client.files.content(completed.file.id)).text();
const deleted = await client.files.delete(completed.file.id);
let missing;
try {
  await client.batches.retrieve("batch_00000000000000000000000000000000");
} catch (e) {
  missing = e.status;
}

let conflict;
try {
  await client.batches.cancel(batch.id);
} catch (e) {
  conflict = { status: e.status, code: e.code, message: e.message };
}

// What is wrong is told by the client's own kinds of error, with the parameter's name.
const wrong = {};
for (const [name, call] of Object.entries({
  limit: () => client.batches.list({ limit: 101 }),
  endpoint: () => client.batches.create({ input_file_id: file.id, endpoint: "/v1/nothing", completion_window: "24h" }),
  key: () => new OpenAI({ apiKey: "nonsense" }).batches.list(),
})) {
  try {
    await call();
  } catch (e) {
    wrong[name] = `${e.constructor.name} ${e.code} ${e.param}`;
  }
}

const described = await client.files.retrieve(file.id);
const abandoned = await client.uploads.cancel((await client.uploads.create({ filename: "n.txt", purpose: "user_data", bytes: 6, mime_type: "text/plain" })).id);

const files = [];
for await (const one of client.files.list({ purpose: "batch" })) {
  files.push(one.id);
}

const models = [];
for await (const model of client.models.list()) {
  models.push(`${model.id} ${model.object}`);
}

const model = await client.models.retrieve(models[0].split(" ")[0]);
try {
  await client.models.retrieve("no/such");
} catch (e) {
  wrong.model = `${e.constructor.name} ${e.code} ${e.param}`;
}

// An input that is deleted as soon as the batch is made, as AIBrix's client does it; then the batch goes, and what it used stays.
const short = await client.files.create({ purpose: "batch", file: await toFile(Buffer.from(line("d")), "short.jsonl") });
const brief = await client.batches.create({ input_file_id: short.id, endpoint: "/v1/chat/completions", completion_window: "24h" });
await client.files.delete(short.id);
let ended;
do {
  await new Promise((resolve) => setTimeout(resolve, 100));
  ended = await client.batches.retrieve(brief.id);
} while (!["completed", "failed", "expired", "cancelled"].includes(ended.status) && Date.now() < deadline);
const removed = await client.delete(`/batches/${brief.id}`);
const gone = [];
for (const look of [() => client.batches.retrieve(brief.id), () => client.files.retrieve(ended.output_file_id), () => client.files.retrieve(short.id)]) {
  try {
    await look();
  } catch (e) {
    gone.push(e.status);
  }
}

let used = 0;
do {
  const usage = await client.get("/usage?group_by=model");
  used = usage.data[0].results.reduce((sum, result) => sum + result.requests.completed, 0);
} while (used < 16 && Date.now() < deadline && await new Promise((resolve) => setTimeout(resolve, 100, true)));

console.log(JSON.stringify({
  ended: ended.status,
  removed: removed.deleted,
  gone,
  used,
  models,
  model: model.id,
  status: batch.status,
  counts: batch.request_counts,
  customIds: content.trim().split("\n").map((text) => JSON.parse(text).custom_id).sort(),
  made: made.map((one) => one.id),
  listed,
  notes,
  deleted: deleted.deleted,
  missing,
  conflict,
  wrong,
  described: described.filename,
  abandoned: abandoned.status,
  files,
  file: file.id,
}));
