import { integers } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { COMMON, type Head, luaFile, readHead, unitsOf } from '../reply-head.js'

export const leaveScript = defineScript({
  name: 'locks.leave',
  file: luaFile('leave'),
  keys: ['lock[]'],
  units: unitsOf,
  args: ['token', 'attach', 'how', ...COMMON],
  decode(reply): Head & { readonly outcome: 'left' | 'granted' | 'nothing' } {
    const parts = integers(reply, 4)
    const outcome = parts[3] === 1 ? 'left' : parts[3] === 2 ? 'granted' : 'nothing'
    return { ...readHead(parts), outcome }
  },
})

export const beatScript = defineScript({
  name: 'locks.beat',
  file: luaFile('beat'),
  keys: ['lock[]'],
  args: ['instance', 'token[]'],
  coalesce: false,
  decode(reply): { readonly nextMs: number; readonly states: readonly number[] } {
    const [nextMs = 0, ...states] = integers(reply, (reply as unknown[]).length)
    return { nextMs, states }
  },
})

const RESTORE_OUTCOMES = [
  'stands',
  'session-ended',
  'unsatisfiable',
  'replaced',
  'mode-mismatch',
] as const
export type RestoreOutcome = (typeof RESTORE_OUTCOMES)[number]

export const restoreScript = defineScript({
  name: 'locks.restore',
  file: luaFile('restore'),
  keys: ['lock[]'],
  units: unitsOf,
  args: ['token', 'waiter', 'waited_ms', 'wait_ms', ...COMMON],
  decode(reply): Head & { readonly outcome: RestoreOutcome } {
    const parts = integers(reply, 4)
    return {
      ...readHead(parts),
      outcome: RESTORE_OUTCOMES[(parts[3] as number) - 1] as RestoreOutcome,
    }
  },
})

export const sweepScript = defineScript({
  name: 'locks.sweep',
  file: luaFile('sweep'),
  keys: ['timers'],
  args: ['max_locks', ...COMMON],
  coalesce: false,
  decode: (reply): Head => readHead(integers(reply, 3)),
})

export const forgetBucketScript = defineScript({
  name: 'locks.forget-bucket',
  file: luaFile('forget-bucket'),
  keys: ['buckets'],
  args: ['member', 'score'],
  decode: (reply): boolean => integers(reply, 1)[0] === 1,
})
