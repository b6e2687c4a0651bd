import { readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { removeScript } from '../../../src/cache/entries/write-scripts.js'
import { confirmScript } from '../../../src/cache/leases/scripts.js'
import * as scripts from '../../../src/cache/origins/writing/scripts.js'
import { replace } from '../../lines/scripts.js'
import { useHarness } from '../../support/harness.js'
import { brokenTexts, SOURCES } from '../../support/mutant.js'
import { type Cast, COURSES, interleavings, TAKEN } from './write-casts.js'
import { WRITE_MUTANTS } from './write-mutants.js'
import { expectedOutcomes } from './write-rule.js'
import { Broken, createStories, type Invalidation, PAUSE_MS, type Step } from './write-story.js'

/** `npm run interleavings` has larger casts. */
const IS_LONG = process.env.LOCKSTEP_WRITE_CASTS === 'all'
/** Stories that run at once, so that their calls share batches. */
const AT_ONCE = 500

const INVALIDATIONS: readonly Invalidation[] = [
  'soft key',
  'hard key',
  'soft all',
  'hard all',
  'soft tag',
  'hard tag',
]
const PAIRS = COURSES.flatMap((a) => COURSES.map((b) => ({ a, b })))

const SHORT: readonly Cast[] = [
  ...PAIRS,
  ...COURSES.map((a) => ({ a, reads: true, pauses: true })),
  ...INVALIDATIONS.map((invalidation) => ({ a: TAKEN, reads: true, invalidation })),
  { a: TAKEN, b: TAKEN, pauses: true },
  // A refusal leaves a value that the origin still has: it confirms it while another write begins.
  { a: ['begin', 'refused'], b: TAKEN, reads: true },
  ...INVALIDATIONS.map(
    (invalidation): Cast => ({ a: ['begin', 'refused'], reads: true, invalidation }),
  ),
]
const LONG: readonly Cast[] = [
  ...PAIRS.map((pair) => ({ ...pair, reads: true })),
  ...PAIRS.map((pair) => ({ ...pair, pauses: true })),
  ...PAIRS.flatMap((pair) => INVALIDATIONS.map((invalidation) => ({ ...pair, invalidation }))),
  { a: TAKEN, b: TAKEN, reads: true, pauses: true },
  ...(['soft key', 'hard key', 'soft all', 'hard tag'] as const).map((invalidation) => ({
    a: TAKEN,
    b: TAKEN,
    reads: true,
    invalidation,
  })),
  ...INVALIDATIONS.map((invalidation) => ({ a: TAKEN, b: TAKEN, pauses: true, invalidation })),
]

const harness = useHarness()
let storyIn: ReturnType<typeof createStories>
let spaces = 0

beforeAll(() => {
  storyIn = createStories(harness)
})

/** Runs every story of a cast; those with a pause at the same place together, as they share a clock. */
async function run(cast: Cast, isWarm: boolean, check: Check): Promise<void> {
  const stories = interleavings(cast)
  const longest = Math.max(...stories.map(({ length }) => length))
  for (let pauseAt = -1; pauseAt < longest; pauseAt++) {
    const alike = stories.filter((steps) => steps.indexOf('pause') === pauseAt)
    for (let from = 0; from < alike.length; from += AT_ONCE) {
      await runAtOnce(alike.slice(from, from + AT_ONCE), pauseAt, isWarm, check)
    }
  }
}

type Check = (steps: readonly Step[], outcomes: readonly string[]) => void

async function runAtOnce(
  batch: readonly (readonly Step[])[],
  pauseAt: number,
  isWarm: boolean,
  check: Check,
): Promise<void> {
  const stories = batch.map((steps) => ({ steps, story: storyIn(`story-${spaces++}`, isWarm) }))
  const all = async (act: (one: (typeof stories)[number]) => Promise<void>) => {
    const ends = await Promise.allSettled(stories.map(act))
    const failed = ends.findIndex(({ status }) => status === 'rejected')
    if (failed < 0) return
    const history = `${isWarm ? 'a value' : 'nothing'}, ${batch[failed]?.join(', ')}`
    throw new Error(`after ${history}`, { cause: (ends[failed] as PromiseRejectedResult).reason })
  }

  await all(({ story }) => story.start())
  for (let at = 0; at < Math.max(...batch.map(({ length }) => length)); at++) {
    if (at === pauseAt) harness.advance(PAUSE_MS)
    else {
      await all(async ({ steps, story }) => {
        const step = steps[at]
        if (step !== undefined) await story.take(step)
      })
    }
  }
  harness.advance(PAUSE_MS)
  await all(async ({ steps, story }) => {
    check(steps, story.outcomes)
    await story.end()
  })
}

const nameOf = ({ a, b = [], reads, invalidation, pauses }: Cast): string =>
  [
    `A: ${a.join(' ')}`,
    ...(b.length > 0 ? [`B: ${b.join(' ')}`] : []),
    ...(reads ? ['a load'] : []),
    ...(invalidation ? [invalidation] : []),
    ...(pauses ? ['a pause'] : []),
  ].join('; ')

describe('after every interleaving the cache has what the origin has, or nothing:', () => {
  it.each((IS_LONG ? LONG : SHORT).map((cast) => [nameOf(cast), cast] as const))(
    '%s',
    async (_, cast) => {
      for (const isWarm of [true, false]) {
        await run(cast, isWarm, (steps, outcomes) =>
          expect(outcomes).toEqual(expectedOutcomes(steps, isWarm)),
        )
      }
    },
  )
})

const PROGRAMS = [...Object.values(scripts), confirmScript, removeScript].map(
  ({ program }) => program,
)

describe('the model catches', () => {
  it.each(WRITE_MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    '%s',
    async (_, mutant) => {
      const restores = [...brokenTexts(SOURCES, mutant)].map(([file, broken]) => {
        const text = readFileSync(path.join(SOURCES, file), 'utf8')
        const programs = PROGRAMS.filter(({ source }) => source.includes(text))
        expect(programs).toHaveLength(1)
        return replace({ path: file, text, programs }, broken)
      })
      try {
        const found = await run(mutant.cast, mutant.isWarm, () => undefined).catch(
          (error: Error) => error,
        )
        expect((found as Error | undefined)?.cause).toBeInstanceOf(Broken)
      } finally {
        for (const restore of restores) restore()
      }
    },
  )
})
