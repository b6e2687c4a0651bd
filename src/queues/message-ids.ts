/** Ids grow with time, below 2^49 until 2109: scripts read decimal digits, callers base 36. */
export const toId = (number: unknown): string => Number(number).toString(36)

export const toNumber = (id: string): number => Number.parseInt(id, 36)

/** Matches what callers get. */
export const ID_PATTERN = '[0-9a-z]{1,10}'
export const RECEIPT_PATTERN = `${ID_PATTERN}\\.[A-Za-z0-9_-]{8}`
