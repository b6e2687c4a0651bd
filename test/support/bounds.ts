/**
 * When a test gives up waiting. Much longer than any wait on a slow or busy machine, as only a failure
 * waits that long.
 */
export const WAIT_MS = Number(process.env.LOCKSTEP_TEST_WAIT_MS ?? 60_000)

/** When an instance gives up a Redis that a test silences: soon, but longer than a busy moment. */
export const SILENCE_MS = 2_000

/** For one test or hook: several waits, so that the failing wait reports what it waited for. */
export const TEST_MS = 240_000
