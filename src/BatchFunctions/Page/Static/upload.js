// Sends a file: a small one whole, a large one in parts. Parts are what a large file needs, because some hosts read a whole
// request into memory, and because a part that fails is sent again by itself.

import { again } from "./again.js";
import * as api from "./api.js";
import { isPacked } from "./first-line.js";

const partBytes = 16 * 1024 * 1024;

/**
 * Uploads a file as a batch's input.
 * @param {string} once the key of the file: uploaded again with it, it is the same file
 * @param {(share: number) => void} onProgress told the share that has been sent, from 0 to 1
 * @param {AbortSignal} signal stops what has not been sent; once all has been, the file is made nevertheless
 * @returns the file, as the API describes it
 */
export async function upload(file, once, onProgress, signal) {
  // Parts are not unpacked.
  if (file.size > partBytes && !isPacked(file)) {
    return uploadParts(file, onProgress, signal);
  }

  const form = new FormData();
  form.append("purpose", "batch");
  form.append("file", file, file.name);
  return api.sendForm("/v1/files", form, { onProgress: (sent) => onProgress(Math.min(1, sent / file.size)), signal, once });
}

/** Each upload has a key of its own: one that has failed is given up, and cannot be gone on with. */
async function uploadParts(file, onProgress, signal) {
  const once = api.newKey();
  const wanted = { filename: file.name, purpose: "batch", bytes: file.size, mime_type: "application/jsonl" };
  const { id } = await again(() => api.createUpload(wanted, once, signal), { signal });
  try {
    const parts = [];
    for (let start = 0; start < file.size; start += partBytes) {
      const tell = (sent) => onProgress(Math.min(1, (start + Math.min(sent, partBytes)) / file.size));
      parts.push(await sendPart(id, file.slice(start, start + partBytes), tell, signal));
    }

    signal.throwIfAborted();
    return (await again(() => api.completeUpload(id, parts))).file;
  } catch (error) {
    // What has been sent would be kept until the upload expires; that it cannot be given up is no news to the reader.
    api.cancelUpload(id).catch(() => {});
    throw error;
  }
}

const sendPart = (id, bytes, onProgress, signal) => again(async () => {
  const form = new FormData();
  form.append("data", bytes, "data");
  return (await api.sendForm(`/v1/uploads/${encodeURIComponent(id)}/parts`, form, { onProgress, signal })).id;
}, { signal });
