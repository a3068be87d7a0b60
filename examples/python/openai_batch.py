"""Takes a file of requests from upload to results with the official client, which reads OPENAI_BASE_URL and OPENAI_API_KEY."""
import sys
import time
from pathlib import Path

from openai import OpenAI

client = OpenAI()
source = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "requests.jsonl"
file = client.files.create(purpose="batch", file=source)
batch = client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
while batch.status not in ("completed", "failed", "expired", "cancelled"):
    time.sleep(1)
    batch = client.batches.retrieve(batch.id)

print(batch.status, batch.request_counts, file=sys.stderr)
for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
    print(client.files.content(file_id).text, end="")
