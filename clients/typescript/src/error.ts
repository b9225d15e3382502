/** What the gateway refused, and why (RFC 9457). Branch on `code`; show `message` to yourself. */
export class PaygateError extends Error {
  override readonly name = 'PaygateError'
  readonly status: number
  /** Stable; the contract lists them under `ErrorCode`. Empty when something in between answered. */
  readonly code: string
  /** The field, query parameter or header at fault, when a single one is. */
  readonly param: string | undefined
  /** For whoever runs the gateway. */
  readonly requestId: string
  /** How many seconds the gateway asks to wait; 0 when it does not say. */
  readonly retryAfter: number

  constructor(response: Response, body: string) {
    const problem = parsed(body)
    super(problem.detail ?? `The gateway answered ${response.status}.`)
    this.status = response.status
    this.code = problem.code ?? ''
    this.param = problem.param
    this.requestId = problem.request_id ?? response.headers.get('X-Request-Id') ?? ''
    this.retryAfter = Number(response.headers.get('Retry-After')) || 0
  }

  /** Whether the same request may get another answer later. */
  get temporary(): boolean {
    return this.code === 'idempotency_in_progress' || this.status === 429 || this.status >= 500
  }
}

function parsed(body: string): { detail?: string; code?: string; param?: string; request_id?: string } {
  try {
    const problem: unknown = JSON.parse(body)
    return typeof problem === 'object' && problem !== null ? problem : {}
  } catch {
    return {}
  }
}
