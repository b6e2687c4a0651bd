/** How long a program, a connection or a request may take. */
export const WAIT_MS = Number(process.env.LOCKSTEP_TEST_WAIT_MS ?? 60_000)

/**
 * How long a test waits for a condition. Much longer than any wait on a slow machine, because only
 * a failure waits that long.
 */
export const CONDITION_MS = 2.5 * WAIT_MS

/** The Redis timeout where a test silences Redis: short, but longer than a busy moment. */
export const SILENCE_MS = 2_000

/** The timeout of a test or hook: several waits, so that a failing wait reports its condition. */
export const TEST_MS = 600_000
