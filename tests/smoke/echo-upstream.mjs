// An OpenAI-compatible upstream for the smoke test: answers each chat completion with the last message's text, one that
// begins with "slow" after two seconds.
import { createServer } from 'node:http';

const slowness = 2000;

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    // The look at its models, by which it is seen to be there.
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"object":"list","data":[]}');
    return;
  }

  const parts = [];
  request.on('data', part => parts.push(part));
  request.on('end', () => {
    const { model, messages } = JSON.parse(Buffer.concat(parts).toString());
    const { content } = messages.at(-1);
    setTimeout(() => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({
        id: 'chatcmpl-smoke',
        object: 'chat.completion',
        created: 0,
        model,
        choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      }));
    }, content.startsWith('slow') ? slowness : 0);
  });
});
server.listen(Number(process.argv[2]), '127.0.0.1');
