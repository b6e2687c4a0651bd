import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'

export interface StreamContent {
  /** At most: entries that were deleted may count. */
  readonly length: number
  readonly bytes: number
  /** Since the stream began. */
  readonly appended: number
  readonly oldest?: string
  readonly newest?: string
}

export const showScript = defineScript({
  name: 'streams.show',
  file: new URL('../scripts/show.lua', import.meta.url),
  keys: ['meta'],
  args: ['settings'],
  units: () => 2,
  /** @returns undefined for a stream that does not exist */
  decode(reply): StreamContent | undefined {
    const [exists, length, bytes, appended, oldest, newest] = list(reply, 6)
    if (exists !== 1) return undefined
    return {
      length: Number(length),
      bytes: Number(bytes),
      appended: Number(appended),
      ...(oldest !== '' && { oldest: String(oldest), newest: String(newest) }),
    }
  },
})

export const removeScript = defineScript({
  name: 'streams.remove',
  file: new URL('../scripts/remove.lua', import.meta.url),
  keys: ['meta'],
  args: ['settings'],
  decode: (reply) => integers(reply, 1)[0] === 1,
})

export const applyAgeScript = defineScript({
  name: 'streams.apply-age',
  file: new URL('../scripts/apply-age.lua', import.meta.url),
  keys: ['meta'],
  args: ['settings'],
  decode: (reply) => void integers(reply, 0),
})
