import type { Invalidation, Step, Writer } from './write-story.js'

/** What a writer does, in this order; it may die after any step. */
export type Course = readonly ('begin' | 'apply' | 'finish' | 'refused' | 'unknown')[]

export const TAKEN: Course = ['begin', 'apply', 'finish']
/** The origin refuses it; does not answer in time, and applies it later; or its answer is lost. */
export const COURSES: readonly Course[] = [
  TAKEN,
  ['begin', 'refused'],
  ['begin', 'unknown', 'apply'],
  ['begin', 'apply', 'unknown'],
]

export interface Cast {
  readonly a: Course
  readonly b?: Course
  readonly reads?: boolean
  readonly invalidation?: Invalidation
  readonly pauses?: boolean
}

/** Every interleaving of what the members of a cast do, and of each with members that stop before. */
export function interleavings({ a, b = [], reads, invalidation, pauses }: Cast): Step[][] {
  const members: Step[][] = [
    a.map((verb) => `${verb} A` as const),
    b.map((verb) => `${verb} B` as const),
    reads ? ['load', 'fill'] : [],
    invalidation ? [invalidation] : [],
    pauses ? ['pause'] : [],
  ]
  const found: Step[][] = []
  const extend = (steps: Step[], at: readonly number[]): void => {
    if (steps.includes('begin A') && isPossible(steps)) found.push(steps)
    for (const [i, member] of members.entries()) {
      const next = member[at[i] as number]
      // The first writer is A.
      if (next === undefined || (next === 'begin B' && !steps.includes('begin A'))) continue
      extend([...steps, next], at.with(i, (at[i] as number) + 1))
    }
  }
  extend(
    [],
    members.map(() => 0),
  )
  return found
}

/**
 * The origin applies nothing long after a writer gave up or died. One that was asleep may send late,
 * but then it lives, and ends its write.
 */
const isPossible = (steps: readonly Step[]): boolean =>
  (['A', 'B'] as const).every((writer) => {
    const applied = steps.indexOf(`apply ${writer}`)
    if (applied < 0) return true
    const ended = steps.findIndex((step) => isEnd(step, writer))
    const from = ended >= 0 && ended < applied ? ended : steps.indexOf(`begin ${writer}`)
    return !steps.slice(from, applied).includes('pause') || ended > applied
  })

const isEnd = (step: Step, writer: Writer): boolean =>
  step === `finish ${writer}` || step === `unknown ${writer}`
