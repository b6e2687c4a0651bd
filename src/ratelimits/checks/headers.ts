/** `ietf`: draft-ietf-httpapi-ratelimit-headers; `legacy`: the older triple; `none`. */
export type HeaderStyle = 'ietf' | 'legacy' | 'none'

export interface LimitState {
  readonly name: string
  readonly limit: number
  readonly windowMs: number
  readonly remaining: number
  readonly resetAfterMs: number
  /** Default: requests, or whatever a cost stands for. */
  readonly unit?: 'concurrent-requests' | undefined
}

const seconds = (ms: number): number => Math.ceil(ms / 1_000)

/** The one place that knows how limits are written into headers. */
export function limitHeaders(
  style: HeaderStyle,
  limits: readonly LimitState[],
): Readonly<Record<string, string>> {
  if (limits.length === 0) return {}
  switch (style) {
    case 'ietf':
      return {
        'ratelimit-policy': limits.map(ietfPolicy).join(', '),
        ratelimit: limits.map(ietfState).join(', '),
      }
    case 'legacy':
      return legacy(tightest(limits))
    case 'none':
      return {}
  }
}

/** RFC 9651 items. Names are letters, digits and . _ @ -, so a quoted one needs no escapes. */
const ietfPolicy = ({ name, limit, windowMs, unit }: LimitState): string =>
  // A window is at least a second here: the format knows no shorter one.
  `"${name}";q=${limit};${unit ? `qu="${unit}";` : ''}w=${Math.max(1, seconds(windowMs))}`

const ietfState = ({ name, remaining, resetAfterMs }: LimitState): string =>
  `"${name}";r=${remaining};t=${seconds(resetAfterMs)}`

const legacy = ({ limit, remaining, resetAfterMs }: LimitState) => ({
  'ratelimit-limit': String(limit),
  'ratelimit-remaining': String(remaining),
  'ratelimit-reset': String(seconds(resetAfterMs)),
})

/** The limit with the least left of it, in proportion. */
function tightest(limits: readonly LimitState[]): LimitState {
  const share = ({ remaining, limit }: LimitState) => remaining / limit
  return limits.reduce((least, limit) => (share(limit) < share(least) ? limit : least))
}
