"""The Python client, unmodified but for OPENAI_BASE_URL and OPENAI_API_KEY: prints what it saw as one line of JSON."""
import json
import time

import openai

client = openai.OpenAI()


def line(custom_id):
    return json.dumps({
        "custom_id": custom_id,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "echo", "messages": [{"role": "user", "content": custom_id}]},
    })


def told(call):
    try:
        call()
    except openai.APIStatusError as e:
        return f"{type(e).__name__} {e.status_code} {e.code} {e.param}"
    return "nothing"


requests = "\n".join(map(line, "abc")).encode()
file = client.files.create(purpose="batch", file=("requests.jsonl", requests))
made = [
    client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"number": str(number)})
    for number in range(5)
]
deadline = time.monotonic() + 60
batch = made[0]
while batch.status not in ("completed", "failed", "expired", "cancelled") and time.monotonic() < deadline:
    time.sleep(0.1)
    batch = client.batches.retrieve(batch.id)

content = client.files.content(batch.output_file_id).text
large = client.uploads.create(filename="notes.txt", purpose="user_data", bytes=6, mime_type="text/plain")
parts = [client.uploads.parts.create(large.id, data=data) for data in (b"abc", b"def")]
whole = client.uploads.complete(large.id, part_ids=[part.id for part in parts])
with client.files.with_streaming_response.content(whole.file.id) as answer:
    notes = b"".join(answer.iter_bytes()).decode()

deleted = client.files.delete(whole.file.id)
left = client.uploads.create(filename="n.txt", purpose="user_data", bytes=6, mime_type="text/plain")
stranger = openai.OpenAI(api_key="nonsense")
print(json.dumps({
    "status": batch.status,
    "counts": [batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed],
    "metadata": batch.metadata,
    "customIds": sorted(json.loads(text)["custom_id"] for text in content.splitlines()),
    "made": [one.id for one in made],
    "listed": [one.id for one in client.batches.list(limit=2)],
    "notes": notes,
    "deleted": deleted.deleted,
    "abandoned": client.uploads.cancel(left.id).status,
    "described": client.files.retrieve(file.id).filename,
    "files": [one.id for one in client.files.list(purpose="batch")],
    "file": file.id,
    "told": [
        told(lambda: client.batches.retrieve("batch_00000000000000000000000000000000")),
        told(lambda: client.batches.cancel(batch.id)),
        told(lambda: client.batches.list(limit=101)),
        told(lambda: client.batches.create(input_file_id=file.id, endpoint="/v1/nothing", completion_window="24h")),
        told(stranger.batches.list),
    ],
}))
