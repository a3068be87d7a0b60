// Sends a file: a small one whole, a large one in parts. Parts are what a large file needs, because some hosts read a whole
// request into memory, and because a part that fails is sent again by itself.

import * as api from "./api.js";
import { isPacked } from "./first-line.js";

const partBytes = 16 * 1024 * 1024;
const attempts = 3;

/**
 * Uploads a file as a batch's input.
 * @param {(share: number) => void} onProgress told the share that has been sent, from 0 to 1
 * @returns the file, as the API describes it
 */
export async function upload(file, onProgress, signal) {
  // Parts are not unpacked.
  if (file.size > partBytes && !isPacked(file)) {
    return uploadParts(file, onProgress, signal);
  }

  const form = new FormData();
  form.append("purpose", "batch");
  form.append("file", file, file.name);
  return api.sendForm("/v1/files", form, (sent) => onProgress(Math.min(1, sent / file.size)), signal);
}

async function uploadParts(file, onProgress, signal) {
  const { id } = await api.createUpload(
    { filename: file.name, purpose: "batch", bytes: file.size, mime_type: "application/jsonl" }, signal);
  try {
    const parts = [];
    for (let start = 0; start < file.size; start += partBytes) {
      const tell = (sent) => onProgress(Math.min(1, (start + Math.min(sent, partBytes)) / file.size));
      parts.push(await sendPart(id, file.slice(start, start + partBytes), tell, signal));
    }

    return (await api.completeUpload(id, parts, signal)).file;
  } catch (error) {
    // What has been sent would be kept until the upload expires; that it cannot be given up is no news to the reader.
    api.cancelUpload(id).catch(() => {});
    throw error;
  }
}

async function sendPart(id, bytes, onProgress, signal) {
  for (let attempt = 1; ; attempt++) {
    const form = new FormData();
    form.append("data", bytes, "data");
    try {
      return (await api.sendForm(`/v1/uploads/${encodeURIComponent(id)}/parts`, form, onProgress, signal)).id;
    } catch (error) {
      const passing = error instanceof api.ApiError && (error.status === 0 || error.status >= 500);
      if (!passing || attempt === attempts) {
        throw error;
      }

      await new Promise((resolve) => setTimeout(resolve, 1000 * Math.max(attempt, error.retryAfter)));
    }
  }
}
