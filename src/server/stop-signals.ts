import { constants } from 'node:os'

/**
 * Under npm, Ctrl-C arrives twice within milliseconds: from the terminal, which signals the whole
 * group, and from npm. Only a later repeat is an impatient user.
 */
const REPEAT_MS = 2_000

/**
 * Calls `stop` once, at the first SIGINT or SIGTERM. A repeat more than two seconds later ends the
 * process at once, as SIGKILL does, which is safe for the managed Redis.
 */
export function onStopSignal(stop: (exitCode: number) => void): void {
  let firstAt: number | undefined
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const exitCode = 128 + constants.signals[signal]
    process.on(signal, () => {
      if (firstAt === undefined) {
        firstAt = performance.now()
        stop(exitCode)
      } else if (performance.now() - firstAt > REPEAT_MS) {
        process.exit(exitCode)
      }
    })
  }
}
