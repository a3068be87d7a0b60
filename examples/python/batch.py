"""Takes a file of requests from upload to results with Python's requests. Asks for OPENAI_BASE_URL and OPENAI_API_KEY."""
import os
import sys
import time
from pathlib import Path

import requests

url = os.environ["OPENAI_BASE_URL"]
session = requests.Session()
session.headers["Authorization"] = f"Bearer {os.environ['OPENAI_API_KEY']}"


def ask(method, path, **what):
    answer = session.request(method, url + path, timeout=60, **what)
    if not answer.ok:
        sys.exit(answer.json()["error"]["message"])
    return answer


source = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "requests.jsonl"
with source.open("rb") as lines:
    file = ask("POST", "/files", data={"purpose": "batch"}, files={"file": lines}).json()

batch = ask("POST", "/batches", json={
    "input_file_id": file["id"],
    "endpoint": "/v1/chat/completions",
    "completion_window": "24h",
}).json()
while batch["status"] not in ("completed", "failed", "expired", "cancelled"):
    time.sleep(1)
    batch = ask("GET", f"/batches/{batch['id']}").json()

print(batch["status"], batch["request_counts"], file=sys.stderr)
for key in ("output_file_id", "error_file_id"):
    if batch[key]:
        print(ask("GET", f"/files/{batch[key]}/content").text, end="")
