import { integers } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'

const toClock = (reply: unknown): number => integers(reply, 1)[0]

export const softenScript = defineScript({
  name: 'cache.soften',
  file: new URL('../scripts/soften.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease'],
  args: ['on_restart', 'space', 'name'],
  decode: toClock,
})

export interface MarkReply {
  readonly clk: number
  /** In the partition, now. */
  readonly marks: number
  /** Marks that were folded into their floor, for there were too many. */
  readonly folded: number
}

export const markScript = defineScript({
  name: 'cache.mark',
  file: new URL('../scripts/mark.lua', import.meta.url),
  keys: ['clock', 'absent'],
  args: ['on_restart', 'space', 'hard', 'max_marks', 'tight', 'tags[]'],
  decode(reply): MarkReply {
    const [clk, marks, folded] = integers(reply, 3)
    return { clk, marks, folded }
  },
  units: ({ tags }) => Math.max(1, tags.length),
})
