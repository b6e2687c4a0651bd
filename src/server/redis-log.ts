import type { FastifyBaseLogger } from 'fastify'
import { LineLimit } from '../logging/line-limit.js'
import type { ConnectionState, ConnectionStates } from '../redis/connection-state.js'
import type { Reason } from '../redis/reasons.js'

/** A closed connection is retried within this time, which shows why it closed. */
const REASON_MS = 250
const LINES = { max: 4, periodMs: 10_000 }

/** The last line about a connection. */
interface Logged {
  reason: Reason | undefined
  since: number
  /** Logs `closed`, unless a better reason shows up before. */
  later: NodeJS.Timeout | undefined
}

/** One line when a connection to Redis is lost, with the reason, and one when it is back. */
export function logConnections(states: ConnectionStates, logger: FastifyBaseLogger): void {
  const known = new WeakMap<ConnectionState, Logged>()
  const limit = new LineLimit({
    ...LINES,
    onRest(kind, lines) {
      const state = states.all.find((each) => nameOf(each) === kind)
      if (state) logger.warn({ ...fieldsOf(state), lines }, 'Redis comes and goes')
    },
  })

  function log(state: ConnectionState, logged: Logged, reason: Reason | undefined): void {
    clearTimeout(logged.later)
    logged.later = undefined
    if (reason === logged.reason) return
    const now = performance.now()
    const message = messageOf(logged.reason, reason)
    if (logged.reason === undefined) logged.since = now
    logged.reason = reason
    if (!limit.take(nameOf(state))) return
    const awayMs = Math.round(now - logged.since)
    logger.warn({ ...fieldsOf(state), reason, awayMs }, message)
  }

  function changed(state: ConnectionState): void {
    const logged = known.get(state) ?? { reason: undefined, since: 0, later: undefined }
    known.set(state, logged)
    if (state.reason === 'closed' && logged.reason === undefined) {
      logged.later = setTimeout(() => log(state, logged, 'closed'), REASON_MS).unref()
      return
    }
    if (logged.later && !state.reason) log(state, logged, 'closed')
    log(state, logged, state.reason)
  }

  states.onChange(changed)
  for (const state of states.all) if (state.reason) changed(state)
}

function messageOf(before: Reason | undefined, now: Reason | undefined): string {
  if (now === undefined) return 'Redis is back'
  if (now === 'full') return 'Redis is full'
  return before === undefined ? 'Redis is lost' : 'Redis is still away'
}

const nameOf = ({ purpose, server }: ConnectionState): string => `${purpose} ${server}`
const fieldsOf = ({ purpose, server, reason }: ConnectionState) => ({
  connection: purpose,
  server,
  reason,
})
