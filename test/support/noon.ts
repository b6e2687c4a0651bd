const DAY_MS = 86_400_000

/** How far a test moves its clock to reach noon UTC, so that no day ends between two of its requests. */
export const untilNoonMs = () => (1.5 * DAY_MS - (Date.now() % DAY_MS)) % DAY_MS
