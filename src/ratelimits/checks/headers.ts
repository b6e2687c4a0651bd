import { createHash } from 'node:crypto'

/**
 * `ietf`: draft-ietf-httpapi-ratelimit-headers; `legacy`: the triple of its early versions;
 * `x-ratelimit`: that of GitHub and others, with the time of the reset; `none`.
 */
export type HeaderStyle = 'ietf' | 'legacy' | 'x-ratelimit' | 'none'

/** The headers of answers about limits, for the document. */
export const LIMIT_HEADERS = {
  RateLimit: {
    type: 'string',
    description:
      'Cost that remains and seconds until the usage is zero, of each limit: `"api";r=37;t=38` (IETF ' +
      'draft). Absent for other values of LOCKSTEP_RATELIMIT_HEADERS than ietf, the default.',
  },
  'RateLimit-Policy': {
    type: 'string',
    description: 'Cost per window and the window in seconds, of each limit: `"api";q=100;w=60`.',
  },
} as const

/** The same of a decision, which may be a denial with the status 200. */
export const DECISION_HEADERS = {
  ...LIMIT_HEADERS,
  'Retry-After': {
    type: 'integer',
    minimum: 1,
    description: 'Of a denial: whole seconds after which to ask again. Absent: allowed, or never.',
  },
} as const

export interface LimitState {
  readonly name: string
  readonly key: string
  readonly limit: number
  /** What `remaining` counts down from. */
  readonly capacity: number
  readonly windowMs: number
  readonly remaining: number
  readonly resetAfterMs: number
  /** Default: units of cost. */
  readonly unit?: 'concurrent-requests' | undefined
}

const seconds = (ms: number): number => Math.ceil(ms / 1_000)

/** The headers of a response about these limits. */
export function limitHeaders(
  style: HeaderStyle,
  limits: readonly LimitState[],
  nowMs: number,
): Readonly<Record<string, string>> {
  if (limits.length === 0) return {}
  switch (style) {
    case 'ietf':
      return ietf(limits)
    case 'legacy': {
      const limit = tightest(limits)
      return triple('ratelimit', limit, seconds(limit.resetAfterMs))
    }
    case 'x-ratelimit': {
      const limit = tightest(limits)
      return triple('x-ratelimit', limit, seconds(nowMs + limit.resetAfterMs))
    }
    case 'none':
      return {}
  }
}

/** RFC 9651 items. Names are letters, digits and . _ @ -, so quoting them needs no escapes. */
function ietf(limits: readonly LimitState[]) {
  const seen = limits.map(({ name }) => name)
  const isAlone = (name: string) => seen.indexOf(name) === seen.lastIndexOf(name)
  const partOf = ({ name, key }: LimitState) => (isAlone(name) ? '' : `;pk=${partition(key)}`)
  return {
    'ratelimit-policy': limits.map((limit) => ietfPolicy(limit) + partOf(limit)).join(', '),
    ratelimit: limits.map((limit) => ietfState(limit) + partOf(limit)).join(', '),
  }
}

/** A digest that distinguishes the subjects of a policy without revealing them. */
const partition = (key: string): string =>
  `:${createHash('sha256').update(key).digest().subarray(0, 9).toString('base64')}:`

const ietfPolicy = ({ name, limit, windowMs, unit }: LimitState): string =>
  // The format has no window below a second.
  `"${name}";q=${limit};${unit ? `qu="${unit}";` : ''}w=${Math.max(1, seconds(windowMs))}`

const ietfState = ({ name, remaining, resetAfterMs }: LimitState): string =>
  `"${name}";r=${remaining};t=${seconds(resetAfterMs)}`

const triple = (prefix: string, { capacity, remaining }: LimitState, reset: number) => ({
  [`${prefix}-limit`]: String(capacity),
  [`${prefix}-remaining`]: String(remaining),
  [`${prefix}-reset`]: String(reset),
})

/** The limit with the smallest share remaining. */
function tightest(limits: readonly LimitState[]): LimitState {
  const share = ({ remaining, capacity }: LimitState) => remaining / capacity
  return limits.reduce((least, limit) => (share(limit) < share(least) ? limit : least))
}
