/**
 * How long what must happen may take: not how long it takes, but when a test gives up. Much longer
 * than on any machine that is slow or busy, as nothing but a failure waits that long.
 */
export const WAIT_MS = Number(process.env.LOCKSTEP_TEST_WAIT_MS ?? 60_000)

/** After how long an instance gives up a Redis that a test silences: soon, and no busy moment. */
export const SILENCE_MS = 2_000

/** One test or hook: several waits, so that the wait that is in vain says what it waited for. */
export const TEST_MS = 240_000
