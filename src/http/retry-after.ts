/** Retry-After in whole seconds, rounded up: an earlier retry would be refused again. */
export const retryAfterSeconds = (retryAfterMs: number): number =>
  Math.max(1, Math.ceil(retryAfterMs / 1_000))
