/**
 * What is left of a time that Redis measures, in whole milliseconds. Never longer than Redis keeps
 * it: the time since before the call was sent is taken off.
 */
export const remainingMs = (leftMs: number, sentAt: number): number =>
  Math.max(0, Math.floor(leftMs - (performance.now() - sentAt)))
