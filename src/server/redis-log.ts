import type { FastifyBaseLogger } from 'fastify'
import { LineLimit } from '../logging/line-limit.js'
import type { ConnectionState, ConnectionStates } from '../redis/connection-state.js'
import type { Reason } from '../redis/reasons.js'

/** A connection that was closed is tried again within this time, and then it is known why. */
const WHY_MS = 250
const LINES = { most: 4, periodMs: 10_000 }

/** What the log has said of one connection last. */
interface Said {
  reason: Reason | undefined
  since: number
  /** Says that the connection was closed, once it is clear that nobody knows more. */
  later: NodeJS.Timeout | undefined
}

/** One line when a connection to Redis is lost, with the reason, and one when it is back. */
export function logConnections(states: ConnectionStates, logger: FastifyBaseLogger): void {
  const known = new WeakMap<ConnectionState, Said>()
  const limit = new LineLimit({
    ...LINES,
    onRest(kind, lines) {
      const state = states.all.find((each) => nameOf(each) === kind)
      if (state) logger.warn({ ...fieldsOf(state), lines }, 'Redis comes and goes')
    },
  })

  function say(state: ConnectionState, said: Said, reason: Reason | undefined): void {
    clearTimeout(said.later)
    said.later = undefined
    if (reason === said.reason) return
    const now = performance.now()
    const message = messageOf(said.reason, reason)
    if (said.reason === undefined) said.since = now
    said.reason = reason
    if (!limit.take(nameOf(state))) return
    const awayMs = Math.round(now - said.since)
    logger.warn({ ...fieldsOf(state), reason, awayMs }, message)
  }

  function changed(state: ConnectionState): void {
    const said = known.get(state) ?? { reason: undefined, since: 0, later: undefined }
    known.set(state, said)
    if (state.reason === 'closed' && said.reason === undefined) {
      said.later = setTimeout(() => say(state, said, 'closed'), WHY_MS).unref()
      return
    }
    if (said.later && !state.reason) say(state, said, 'closed')
    say(state, said, state.reason)
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
