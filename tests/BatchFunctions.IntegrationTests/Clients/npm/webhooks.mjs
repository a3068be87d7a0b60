// A receiver as the npm client's own documentation has it: what comes is unwrapped, or refused. It adds its webhook, makes two batches, one of them
// with a webhook of its own, and refuses the first event that comes.
import { createServer } from "node:http";
import OpenAI, { toFile } from "openai";

const client = new OpenAI();
const seen = [];
const secrets = {};
let refusals = 1;
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", async () => {
    if (refusals-- > 0) {
      response.writeHead(500).end();
      return;
    }

    try {
      const event = await client.webhooks.unwrap(body, request.headers, secrets[request.url]);
      seen.push({ path: request.url, id: event.id, header: request.headers["webhook-id"], type: event.type, batch: event.data.id, object: event.object });
      response.writeHead(204).end();
    } catch (e) {
      seen.push({ path: request.url, error: e.message });
      response.writeHead(400).end();
    }
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = `http://127.0.0.1:${server.address().port}`;
const webhook = await client.post("/webhooks", { body: { url: `${address}/project` } });
secrets["/project"] = webhook.secret;
secrets["/own"] = `whsec_${Buffer.from("a batch's own secret, 32 bytes..").toString("base64")}`;
const line = JSON.stringify({ custom_id: "a", method: "POST", url: "/v1/chat/completions", body: { model: "echo", messages: [{ role: "user", content: "a" }] } });
const make = async (text, more) => {
  const file = await client.files.create({ purpose: "batch", file: await toFile(Buffer.from(text), "requests.jsonl") });
  return client.batches.create({ input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h", ...more });
};
const good = await make(line, { webhook: { url: `${address}/own`, secret: secrets["/own"] } });
const bad = await make(`${line}\nno JSON`);
const deadline = Date.now() + 90_000;
while (seen.length < 3 && Date.now() < deadline) {
  await new Promise((resolve) => setTimeout(resolve, 100));
}

// A stranger's secret is told from the right one.
let stranger;
try {
  await client.webhooks.unwrap("{}", { "webhook-id": "evt", "webhook-timestamp": `${Math.floor(Date.now() / 1000)}`, "webhook-signature": "v1,AAAA" }, webhook.secret);
} catch (e) {
  stranger = e.constructor.name;
}

server.close();
console.log(JSON.stringify({ seen, good: good.id, bad: bad.id, stranger }));
