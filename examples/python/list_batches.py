import os
import requests

url = os.environ["OPENAI_BASE_URL"] + "/batches"
headers = {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}
params = {"limit": 100}
batches = []
while True:
    page = requests.get(url, headers=headers, params=params, timeout=30).json()
    batches.extend(page["data"])
    if not page["has_more"]:
        break
    params["after"] = page["last_id"]
print(f"Total batches: {len(batches)}")
