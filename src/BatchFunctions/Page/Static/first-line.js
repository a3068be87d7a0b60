// The first line of a JSONL file, which tells what the file is for.

const longestLine = 1024 * 1024;

/** The first request of a file; null where its first line is none, or is longer than a preview needs. */
export async function firstRequestOf(file) {
  const text = await file.slice(0, longestLine).text();
  const line = text.replace(/^\uFEFF/, "").split("\n").find((candidate) => candidate.trim() !== "");
  try {
    const request = JSON.parse(line);
    return typeof request === "object" ? request : null;
  } catch {
    return null;
  }
}
