// What a call to the management API failed with, as one type for all of them.

/** Codes the UI makes itself; all others come from the server. */
export const UNREACHABLE = 'unreachable'
export const UNEXPECTED = 'unexpected'

export class Problem extends Error {
  override readonly name = 'Problem'
  /** HTTP status; 0 when no answer came. */
  readonly status: number
  /** Stable, for translation. */
  readonly code: string
  /** Path in the request body to what is wrong there. */
  readonly fields: Readonly<Record<string, string>>
  /** Seconds until it is worth trying again, where the server said so. */
  readonly retryAfter: number | undefined
  /** The present state of what a write conflicted with. */
  readonly current: unknown

  constructor(detail: {
    status: number
    code: string
    message: string
    fields?: Record<string, string>
    retryAfter?: number | undefined
    current?: unknown
  }) {
    super(detail.message)
    this.status = detail.status
    this.code = detail.code
    this.fields = detail.fields ?? {}
    this.retryAfter = detail.retryAfter
    this.current = detail.current
  }

  get isConflict(): boolean {
    return this.status === 409
  }
}

/** Reads an error answer; anything that is not our error shape becomes `unexpected`. */
export function problemFrom(response: Response, body: unknown): Problem {
  const retryAfter = Number.parseInt(response.headers.get('retry-after') ?? '', 10)
  const common = {
    status: response.status,
    retryAfter: Number.isNaN(retryAfter) ? undefined : retryAfter,
  }
  if (isRecord(body) && isRecord(body['error'])) {
    const { code, message, fields } = body['error']
    return new Problem({
      ...common,
      code: typeof code === 'string' ? code : UNEXPECTED,
      message: typeof message === 'string' ? message : response.statusText,
      fields: isRecord(fields) ? strings(fields) : {},
      current: body['current'],
    })
  }
  return new Problem({ ...common, code: UNEXPECTED, message: `HTTP ${response.status}` })
}

/** Whatever was thrown, as a `Problem`. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new Problem({ status: 0, code: UNREACHABLE, message })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function strings(record: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, String(value)]))
}
