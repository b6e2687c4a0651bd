import { Cluster } from 'ioredis'
import { createBinder } from './binder.js'
import type { Connection } from './connection.js'
import { type ScriptError, StoreError, type StoreErrorCode } from './errors.js'
import { redisKey } from './keys.js'
import type { Reason } from './reasons.js'
import { integers } from './reply.js'
import { defineScript } from './script.js'

/** Whether Redis serves. It has its own connection, so that a busy one does not look dead. */
export interface Probe {
  isUp(): boolean
  /** Why Redis does not serve as it should; `full` also while it is up. */
  reason(): Reason | undefined
  close(): void
}

export const probeScript = defineScript({
  name: 'redis.probe',
  file: new URL('./scripts/probe.lua', import.meta.url),
  keys: ['probe'],
  args: [],
  decode: (reply): void => void integers(reply, 1),
})

const EVERY_MS = 1_000
const FAILURES = 3
/** Enough slots that every primary of a Cluster has some. */
const KEYS = Array.from({ length: 64 }, (_, i) => redisKey('lockstep', `p${i}`, 'probe'))

/**
 * Once a second, calls a script that writes nothing but is refused like one that does: by a server
 * that is read-only, loading, full, or forbids it. Redis is down after three failures in a row, and
 * up again after the first answer. A full Redis still ends and renews leases, so it is up.
 */
export function createProbe(connection: Connection, everyMs = EVERY_MS): Probe {
  const observer = { batch() {}, failure() {} }
  const run = createBinder({ connection, observer, clockOffsetUs: () => 0 }).bind(probeScript)
  let failures = FAILURES
  let asked = 0
  let answered = 0

  async function ask(): Promise<void> {
    asked += 1
    const number = asked
    const answers = await Promise.all(
      keysOf(connection).map((probe) => run({ probe }, {}).catch(toReason)),
    )
    // The answer of a later call counts more.
    if (number < answered) return
    answered = number
    const refused = answers.filter((answer) => answer !== undefined)
    const isServed = refused.length < answers.length || refused.includes('full')
    failures = isServed ? 0 : failures + 1
    connection.state.refuse(refused[0])
  }

  const look = () => void ask()
  connection.onOpen(look)
  const timer = setInterval(look, everyMs)
  timer.unref()
  return {
    isUp: () => failures < FAILURES,
    reason: () => connection.state.reason,
    close() {
      clearInterval(timer)
      connection.close()
    },
  }
}

/** One key per primary. */
function keysOf({ client, slotOf }: Connection): readonly string[] {
  if (!(client instanceof Cluster)) return KEYS.slice(0, 1)
  const byPrimary = new Map(KEYS.map((key) => [client.slots[slotOf(key)]?.[0], key]))
  return [...byPrimary.values()]
}

const BY_CODE: Readonly<Record<StoreErrorCode, Reason>> = {
  'store-unavailable': 'closed',
  'outcome-unknown': 'timeout',
  'store-full': 'full',
  'store-not-ready': 'other',
  'not-replicated': 'not-replicated',
}

const toReason = (error: StoreError | ScriptError): Reason =>
  error instanceof StoreError ? (error.reason ?? BY_CODE[error.code]) : 'other'
