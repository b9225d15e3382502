import { PaygateError } from './error.js'

export interface RetryOptions {
  /** How often a request is sent at most; 4 when absent, 1 for no retries. */
  attempts?: number
  /** Milliseconds before the first retry when the gateway does not say; 200 when absent. It doubles each time. */
  pause?: number
  /** Milliseconds that one attempt may take; 30,000 when absent. */
  timeout?: number
  /** What sends a request; the global `fetch` when absent. */
  fetch?: (request: Request) => Promise<Response>
}

/** Bounds what the gateway may ask a call to wait. */
const longestPause = 60_000

/**
 * Returns a `fetch` that repeats what may be repeated, a GET or a request with an Idempotency-Key, until it has an answer
 * that repeating would not better. It throws a {@link PaygateError} for answers of 400 and above.
 */
export function retrying(options: RetryOptions): (request: Request) => Promise<Response> {
  const { attempts = 4, pause = 200, timeout = 30_000, fetch: send = (request) => fetch(request) } = options
  return async (request) => {
    const repeatable = request.method === 'GET' || request.headers.has('Idempotency-Key')
    for (let attempt = 1; ; attempt++) {
      try {
        const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeout)])
        return await once(await send(new Request(request.clone(), { signal })))
      } catch (error) {
        const final = error instanceof PaygateError && !error.temporary
        if (!repeatable || final || attempt >= attempts || request.signal.aborted) throw error
        await wait(pauseAfter(error, pause * 2 ** (attempt - 1)), request.signal)
      }
    }
  }
}

async function once(response: Response): Promise<Response> {
  const body = await response.text() // here, so that an answer that breaks off is asked for again
  if (response.status >= 400) throw new PaygateError(response, body)
  return new Response(response.status === 204 ? null : body, response)
}

/** Half to all of the pause, so that callers who failed together do not come back together. */
function pauseAfter(error: unknown, pause: number): number {
  if (error instanceof PaygateError && error.retryAfter > 0) return Math.min(error.retryAfter * 1000, longestPause)
  return pause / 2 + (Math.random() * pause) / 2
}

function wait(pause: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => { clearTimeout(timer); reject(signal.reason) }
    const timer = setTimeout(() => { signal.removeEventListener('abort', stop); resolve() }, pause)
    signal.addEventListener('abort', stop, { once: true })
  })
}
