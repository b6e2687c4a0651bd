import type { Link } from './connect.js'

/** Whether Redis answers, asked on a connection of its own so that a busy one is not taken for dead. */
export interface Probe {
  isUp(): boolean
  close(): void
}

const EVERY_MS = 1_000
const FAILURES = 3

/** One PING a second; down after three failures in a row, up again with the first answer. */
export function createProbe(link: Link, everyMs = EVERY_MS): Probe {
  let failures = FAILURES
  const ask = () =>
    link.client.ping().then(
      () => {
        failures = 0
      },
      () => {
        failures += 1
      },
    )
  link.client.on('ready', ask)
  const timer = setInterval(ask, everyMs)
  timer.unref()
  return {
    isUp: () => failures < FAILURES,
    close() {
      clearInterval(timer)
      link.close()
    },
  }
}
