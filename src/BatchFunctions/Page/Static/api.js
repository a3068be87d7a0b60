// The service's own API, asked with the key that was pasted in. Whatever goes wrong comes as an ApiError, in the API's words.

import * as key from "./key.js";

const keyHeader = "Idempotency-Key";

export class ApiError extends Error {
  /**
   * The HTTP status; 0 where no answer came. `retryAfter` is in seconds.
   * @param {(name: string) => string?} header gives a header of the answer
   * @param {string?} code the API's own
   */
  constructor(message, status, header = () => null, code = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = Number(header("Retry-After")) || 0;
    this.#neverPasses = header("x-should-retry") === "false";
  }

  #neverPasses;

  /** Whether the same request may go well later. */
  get passes() {
    return !this.#neverPasses && ([0, 408, 409, 429].includes(this.status) || this.status >= 500);
  }
}

/**
 * A key by which the service tells a request that comes again from another one: all tries with it make one thing.
 * `randomUUID` is there in secure contexts alone.
 */
export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {{after?: string, limit: number, filter?: string}} wanted `filter` is further parameters, each with its "&" */
export const listBatches = ({ after = null, limit, filter = "" }, signal) =>
  json("GET", `/v1/batches?limit=${limit}${after ? `&after=${encodeURIComponent(after)}` : ""}${filter}`, { signal });

export const getBatch = (id, signal) => json("GET", `/v1/batches/${encodeURIComponent(id)}`, { signal });

export const getProgress = (id, signal) => json("GET", `/v1/batches/${encodeURIComponent(id)}/progress`, { signal });

export const getHealth = (signal) => json("GET", "/healthz", { signal });

export const getLimits = (signal) => json("GET", "/v1/limits", { signal });

export const getOverview = (signal) => json("GET", "/v1/operator", { signal });

export const createBatch = (batch, once) => json("POST", "/v1/batches", { body: batch, headers: { [keyHeader]: once } });

export const cancelBatch = (id) => json("POST", `/v1/batches/${encodeURIComponent(id)}/cancel`);

export const getUsage = (start, end, group, signal) => json("GET", `/v1/usage?start=${start}&end=${end}&group_by=${group}`, { signal });

export const deleteBatch = (id) => json("DELETE", `/v1/batches/${encodeURIComponent(id)}`);

export const retryBatch = (id, once) => json("POST", `/v1/batches/${encodeURIComponent(id)}/retry`, { headers: { [keyHeader]: once } });

/** A batch's failures by what they have in common. */
export const getErrors = (id, signal) => json("GET", `/v1/batches/${encodeURIComponent(id)}/errors`, { signal });

export const deleteFile = (id) => json("DELETE", `/v1/files/${encodeURIComponent(id)}`);

export const checkFile = (id, wanted, signal) => json("POST", `/v1/files/${encodeURIComponent(id)}/check`, { body: wanted, signal });

export const getFile = (id, signal) => json("GET", `/v1/files/${encodeURIComponent(id)}`, { signal });

/** A file's bytes as a Response; with `last`, only those up to that offset. */
export const getContent = (id, { last = null, signal } = {}) =>
  call("GET", `/v1/files/${encodeURIComponent(id)}/content`, { signal, headers: last === null ? {} : { Range: `bytes=0-${last}` } });

/** How many lines a file of results has so far. */
export async function countLines(id, signal) {
  const { last, body } = await linesOf(id, Number.MAX_SAFE_INTEGER, 1, signal);
  await body?.cancel();
  return last;
}

/**
 * Some lines of a file, `limit` at most, and the number of the last, which is the offset to go on from.
 * @param {{offset: number, limit: number, most: number}} wanted what is beyond so many characters is left off, be it within a line
 */
export async function getLines(id, { offset, limit, most }, signal) {
  const { last, body } = await linesOf(id, offset, limit, signal);
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    text += piece.value;
    if (text.length >= most) {
      await reader.cancel();
      break;
    }
  }

  return { last, text: text.slice(0, most) };
}

export const listWebhooks = (signal) => json("GET", "/v1/webhooks", { signal });

export const createWebhook = (webhook) => json("POST", "/v1/webhooks", { body: webhook });

export const updateWebhook = (id, change) => json("POST", `/v1/webhooks/${encodeURIComponent(id)}`, { body: change });

export const rotateSecret = (id) => json("POST", `/v1/webhooks/${encodeURIComponent(id)}/rotate_secret`);

export const testWebhook = (id) => json("POST", `/v1/webhooks/${encodeURIComponent(id)}/test`);

export const deleteWebhook = (id) => json("DELETE", `/v1/webhooks/${encodeURIComponent(id)}`);

/** The latest deliveries of the project's events. */
export const listDeliveries = (signal) => json("GET", "/v1/webhooks/deliveries?limit=50", { signal });

export const resendDelivery = (id) => json("POST", `/v1/webhooks/deliveries/${encodeURIComponent(id)}/resend`);

export const createUpload = (upload, once, signal) => json("POST", "/v1/uploads", { body: upload, headers: { [keyHeader]: once }, signal });

export const completeUpload = (id, partIds) => json("POST", `/v1/uploads/${encodeURIComponent(id)}/complete`, { body: { part_ids: partIds } });

export const cancelUpload = (id) => json("POST", `/v1/uploads/${encodeURIComponent(id)}/cancel`);

/** The endpoints that a batch of this service may name, as its own description lists them. */
export async function listEndpoints() {
  const description = await json("GET", "/openapi.json");
  return description.components.schemas.CreateBatchRequest.properties.endpoint.enum;
}

/**
 * Sends a form and tells how much of it has gone out, which only XMLHttpRequest can. Once all of it has, what it makes is made, and its
 * answer is waited for even if the signal fires.
 * @param {{onProgress: (bytes: number) => void, signal: AbortSignal, once?: string}} how `onProgress` is told the bytes sent so far, the
 * form's own included; `once` is a key
 */
export function sendForm(path, form, { onProgress, signal, once = null }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let isSent = false;
    const abort = () => isSent || request.abort();
    request.open("POST", path);
    request.setRequestHeader("Authorization", `Bearer ${key.read()}`);
    if (once !== null) {
      request.setRequestHeader(keyHeader, once);
    }

    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.upload.onload = () => {
      isSent = true;
    };
    request.onload = () => {
      try {
        if (request.status >= 300) {
          throw errorOf(request.status, request.responseText, (name) => request.getResponseHeader(name));
        }

        resolve(objectOf(request.status, request.responseText));
      } catch (error) {
        reject(error);
      }
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal.removeEventListener("abort", abort);
    signal.throwIfAborted();
    signal.addEventListener("abort", abort);
    request.send(form);
  });
}

async function linesOf(id, offset, limit, signal) {
  const answer = await call("GET", `/v1/files/${encodeURIComponent(id)}/content?offset=${offset}&limit=${limit}`, { signal });
  return { last: Number(answer.headers.get("X-Last-Line")), body: answer.body };
}

async function json(method, path, options) {
  const response = await call(method, path, options);
  return objectOf(response.status, await response.text());
}

async function call(method, path, { body, headers = {}, signal } = {}) {
  const sent = { ...headers };
  if (key.read()) {
    sent.Authorization = `Bearer ${key.read()}`;
  }

  if (body) {
    sent["Content-Type"] = "application/json";
  }

  let response;
  try {
    response = await fetch(path, { method, headers: sent, body: body && JSON.stringify(body), signal, cache: "no-store" });
  } catch (error) {
    throw error instanceof TypeError ? unreachable() : error;
  }

  if (!response.ok) {
    throw errorOf(response.status, await response.text(), (name) => response.headers.get(name));
  }

  return response;
}

/** What stands before the service may answer in its place, and in no JSON. */
function objectOf(status, text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError("Something else has answered than the service: a proxy, or a page to sign in at.", status);
  }
}

/** What stands before the service may answer in other words, or in none. */
function errorOf(status, text, header) {
  let told = null;
  try {
    told = JSON.parse(text).error;
  } catch {
    // No envelope of the API's.
  }

  return new ApiError(told?.message || `The service has answered with the status ${status}.`, status, header, told?.code);
}

const unreachable = () => new ApiError("The service cannot be reached.", 0);
