// The first line of a JSONL file, which tells what the file is for.

const longestLine = 1024 * 1024;

/** The first request of a file; null where its first line is none, or is longer than a preview needs. */
export async function firstRequestOf(file) {
  const text = isPacked(file) ? await unpackedBeginningOf(file).catch(() => "") : await file.slice(0, longestLine).text();
  const line = text.replace(/^\uFEFF/, "").split("\n").find((candidate) => candidate.trim() !== "");
  try {
    const request = JSON.parse(line);
    return typeof request === "object" ? request : null;
  } catch {
    return null;
  }
}

/** Whether a file is compressed lines, which the service takes as what they are. */
export const isPacked = (file) => file.name.toLowerCase().endsWith(".jsonl.gz");

async function unpackedBeginningOf(file) {
  const reader = file.stream().pipeThrough(new DecompressionStream("gzip")).pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    text += piece.value;
    if (text.includes("\n", 1) || text.length >= longestLine) {
      await reader.cancel();
      break;
    }
  }

  return text;
}
