// Saves a file. A link cannot carry the key, so the page fetches the bytes itself. A large file is streamed into one that the
// reader names, where the browser can do that (showSaveFilePicker); else the browser holds it as a blob until it is saved,
// which it does on disk when memory is short.

import * as api from "./api.js";

const largeBytes = 64 * 1024 * 1024;

/** Downloads a file, as the API describes it; nothing happens if the reader names no place for it. */
export async function download(file) {
  if (file.bytes >= largeBytes && window.showSaveFilePicker) {
    await stream(file);
  } else {
    await saveBlob(file);
  }
}

async function stream(file) {
  let place;
  try {
    place = await window.showSaveFilePicker({ suggestedName: file.filename });
  } catch (error) {
    if (error.name === "AbortError") {
      return;
    }

    throw error;
  }

  const content = await api.getContent(file.id);
  await content.body.pipeTo(await place.createWritable());
}

async function saveBlob(file) {
  const content = await api.getContent(file.id);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await content.blob());
  link.download = file.filename;
  link.click();
  // The download has taken hold of the blob by the next minute.
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
