import { integer, integers } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { toId } from '../message-ids.js'

export interface RedriveReply {
  /** Of the messages that are ready again. */
  readonly ids: readonly string[]
  /** The queue has no room for another one. */
  readonly full: boolean
  /** Dead letters that the call found over. */
  readonly expired: number
}

const numbers = (reply: unknown): number[] =>
  integers<number>(reply, Array.isArray(reply) ? reply.length : 0)

export const redriveScript = defineScript({
  name: 'queues.redrive',
  file: new URL('../scripts/redrive.lua', import.meta.url),
  keys: ['stat'],
  args: ['settings', 'count', 'ids[]'],
  coalesce: false,
  decode(reply): RedriveReply {
    const [full, expired, ...ids] = numbers(reply)
    return { ids: ids.map(toId), full: full === 1, expired: integer(expired) }
  },
})

export const discardScript = defineScript({
  name: 'queues.discard',
  file: new URL('../scripts/discard.lua', import.meta.url),
  keys: ['stat'],
  args: ['settings', 'ids[]'],
  coalesce: false,
  decode: (reply): readonly string[] => numbers(reply).map(toId),
})
