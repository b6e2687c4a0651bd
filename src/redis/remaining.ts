/**
 * What is left of a time that Redis measures, in whole milliseconds. Never longer than in Redis: the
 * time since the call was sent is subtracted.
 */
export const remainingMs = (leftMs: number, sentAt: number): number =>
  Math.max(0, Math.floor(leftMs - (performance.now() - sentAt)))
