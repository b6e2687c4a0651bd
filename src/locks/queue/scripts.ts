import { integer, integers, list, wordOf } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { COMMON, type Head, readHead } from '../reply-head.js'

export const leaveScript = defineScript({
  name: 'locks.leave',
  file: new URL('../scripts/leave.lua', import.meta.url),
  keys: ['lock[]'],
  args: ['token', 'attach', 'how', ...COMMON],
  outcomes: ['left', 'granted', 'nothing'],
  decode: (reply, kind) => Object.assign(readHead(integers(reply, 5)), { kind }),
})

/** What Redis knows of a waiter. */
const STATES = ['missing', 'waiting', 'granted'] as const

export const heartbeatScript = defineScript({
  name: 'locks.heartbeat',
  file: new URL('../scripts/heartbeat.lua', import.meta.url),
  keys: ['lock[]'],
  args: ['instance', 'token[]'],
  coalesce: false,
  decode(reply) {
    const [nextMs, ...states] = list(reply, 1)
    return { nextMs: integer(nextMs), states: states.map((state) => wordOf(STATES, state)) }
  },
})

const RESTORE_OUTCOMES = [
  'waiting',
  'session-ended',
  'unsatisfiable',
  'replaced',
  'mode-mismatch',
] as const
export type RestoreRefusal = Exclude<(typeof RESTORE_OUTCOMES)[number], 'waiting'>

export const restoreScript = defineScript({
  name: 'locks.restore',
  file: new URL('../scripts/restore.lua', import.meta.url),
  keys: ['lock[]'],
  args: ['token', 'waiter', 'waited_ms', 'wait_ms', ...COMMON],
  outcomes: RESTORE_OUTCOMES,
  decode: (reply, kind) => Object.assign(readHead(integers(reply, 5)), { kind }),
})

export const sweepScript = defineScript({
  name: 'locks.sweep',
  file: new URL('../scripts/sweep.lua', import.meta.url),
  keys: ['timers'],
  args: ['max_locks', ...COMMON],
  coalesce: false,
  decode: (reply): Head => readHead(integers(reply, 4)),
})

export const forgetBucketScript = defineScript({
  name: 'locks.forget-bucket',
  file: new URL('../scripts/forget-bucket.lua', import.meta.url),
  keys: ['buckets'],
  args: ['member', 'score'],
  outcomes: ['forgotten', 'kept'],
  decode(reply, outcome): boolean {
    integers(reply, 1)
    return outcome === 'forgotten'
  },
})

export const countScript = defineScript({
  name: 'locks.count',
  file: new URL('../scripts/count.lua', import.meta.url),
  keys: ['timers', 'locks', 'semaphores', 'queued'],
  args: [],
  decode(reply) {
    const [locks, semaphores, queued, lateMs] = integers(reply, 4)
    return { locks, semaphores, queued, lateMs }
  },
})
