// Asking again for what may go well the next time.

const longestWait = 10;

/**
 * Does something, and again while its failure may pass.
 * @param {{attempts?: number, signal?: AbortSignal}} how the waits between attempts are a second, two, and so on, up to ten; where the
 * service has named a longer one, that
 */
export async function again(act, { attempts = 3, signal = null } = {}) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      if (!error.passes || attempt === attempts) {
        throw error;
      }

      await new Promise((resolve) => setTimeout(resolve, 1000 * Math.max(Math.min(attempt, longestWait), error.retryAfter)));
      signal?.throwIfAborted();
    }
  }
}
