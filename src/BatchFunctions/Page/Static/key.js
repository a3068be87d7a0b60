// The key that was pasted in. It is kept for this tab alone: sessionStorage outlives a reload and ends with the tab.

const slot = "batchfunctions.key";

export const read = () => sessionStorage.getItem(slot);

export const keep = (key) => sessionStorage.setItem(slot, key);

export const forget = () => sessionStorage.removeItem(slot);

/** What was pasted, without the spaces and the "Bearer" that come along; null where no header could carry it. */
export function clean(text) {
  const key = text.trim().replace(/^Bearer\s+/i, "");
  return /^[!-~]+$/.test(key) ? key : null;
}

/** Enough of a key to tell two apart, and no more. */
export const shown = (key) => `${key.slice(0, 3)}…${key.slice(-4)}`;
