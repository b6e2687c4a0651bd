import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { type LostPosition, readLost } from '../entries/scripts.js'

export interface Mark {
  /** Id of the newest entry that the reader saw. */
  readonly seen: string
  /** Entries after it; deleted ones may count. */
  readonly unread: number
}

export const markScript = defineScript({
  name: 'streams.mark',
  file: new URL('../scripts/mark.lua', import.meta.url),
  keys: ['meta'],
  args: ['settings', 'reader', 'seen', 'most'],
  outcomes: ['marked', 'lost'],
  decode(reply, kind): (Mark & { readonly kind: 'marked' }) | LostPosition {
    const [, ...fields] = list(reply, 3)
    return kind === 'lost' ? readLost(fields) : { kind, ...readMark(fields) }
  },
})

export const showMarkScript = defineScript({
  name: 'streams.show-mark',
  file: new URL('../scripts/show-mark.lua', import.meta.url),
  keys: ['meta'],
  args: ['settings', 'reader'],
  /** @returns undefined for a reader without a mark */
  decode(reply): Mark | undefined {
    const [exists, ...fields] = list(reply, 3)
    return exists === 1 ? readMark(fields) : undefined
  },
})

const readMark = ([seen, unread]: readonly unknown[]): Mark => ({
  seen: String(seen),
  unread: Number(unread),
})

export const removeMarkScript = defineScript({
  name: 'streams.remove-mark',
  file: new URL('../scripts/remove-mark.lua', import.meta.url),
  keys: ['meta'],
  args: ['settings', 'reader'],
  decode: (reply) => integers(reply, 1)[0] === 1,
})
