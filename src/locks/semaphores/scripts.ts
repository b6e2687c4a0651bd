import { integer, integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { readInspected } from '../lock-state.js'
import { COMMON, readHead } from '../reply-head.js'

export const resizeScript = defineScript({
  name: 'locks.resize',
  file: new URL('../scripts/resize.lua', import.meta.url),
  keys: ['lock[]'],
  args: ['capacity', 'if_match', 'max', ...COMMON],
  coalesce: false,
  outcomes: ['created', 'replaced', 'unchanged', 'precondition-failed', 'mode-mismatch'],
  decode(reply, kind) {
    const parts = list(reply, 6)
    const head = readHead(parts)
    if (kind === 'precondition-failed' || kind === 'mode-mismatch') return { ...head, kind }
    return { ...head, kind, before: integer(parts[5]), semaphore: readInspected(parts, 6) }
  },
})

export const removeCapacityScript = defineScript({
  name: 'locks.remove-capacity',
  file: new URL('../scripts/remove-capacity.lua', import.meta.url),
  keys: ['lock'],
  args: ['if_match'],
  coalesce: false,
  outcomes: ['removed', 'missing', 'precondition-failed'],
  decode(reply, kind) {
    const [, before] = integers(reply, 2)
    return { kind, before }
  },
})
