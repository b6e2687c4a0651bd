import type { Step, Writer } from './write-story.js'

/**
 * What the rules of write-through say of a story, from its steps alone: the outcome of each `finish`,
 * `load` and `fill`, as `Story` notes them. It knows no records, clocks or marks.
 */
export function expectedOutcomes(steps: readonly Step[], isWarm: boolean): string[] {
  const rule = new Rule(steps)
  const outcomes: string[] = []
  let isFresh = isWarm
  let loadedAt: number | undefined
  for (const [at, step] of steps.entries()) {
    const [verb, what] = step.split(' ') as [string, Writer]
    if (verb === 'finish') {
      const isStored = rule.isStored(what, at)
      isFresh = isStored && !rule.isSoftSince(rule.beginOf(what), at)
      outcomes.push(`finish ${what}: ${isStored ? 'stored' : 'dropped'}`)
    } else if (verb === 'load') {
      const isHeld = rule.isWritten(at)
      if (!isFresh && !isHeld) loadedAt = at
      outcomes.push(`load: ${isFresh ? 'none' : isHeld ? 'held' : 'granted'}`)
    } else if (verb === 'fill' && loadedAt !== undefined) {
      const isLost = rule.isVoidSince(loadedAt, at)
      if (!isLost) isFresh = !rule.isSoftSince(loadedAt, at)
      outcomes.push(`fill: ${isLost ? 'lost' : 'stored'}`)
    } else if (/^(begin|unknown|soft|hard)$/.test(verb)) isFresh = false
  }
  return outcomes
}

class Rule {
  readonly #steps: readonly Step[]

  constructor(steps: readonly Step[]) {
    this.#steps = steps
  }

  beginOf(writer: Writer): number {
    return this.#steps.indexOf(`begin ${writer}`)
  }

  /** No other write was outstanding since its begin, its note is there, and nothing hard came. */
  isStored(writer: Writer, at: number): boolean {
    const began = this.beginOf(writer)
    const other = writer === 'A' ? 'B' : 'A'
    const between = this.#steps.slice(began, at)
    const isMet = between.some((_, i) => this.#stands(other, began + i + 1))
    const isLate = between.some((step) => step === `finish ${other}` || step === `unknown ${other}`)
    const isHard = between.some((step) => step.startsWith('hard'))
    return this.#stands(writer, at) && !isMet && !isLate && !isHard
  }

  isSoftSince(from: number, at: number): boolean {
    return this.#steps.slice(from, at).some((step) => step.startsWith('soft'))
  }

  /** Whether a write holds the key, so that no load is stored. */
  isWritten(at: number): boolean {
    return this.#stands('A', at) || this.#stands('B', at)
  }

  isVoidSince(from: number, at: number): boolean {
    const voids = /^(begin|finish|unknown|hard|fill)/
    return this.#steps.slice(from, at).some((step) => voids.test(step))
  }

  /** Whether the note of a write stands before step `at`. */
  #stands(writer: Writer, at: number): boolean {
    let stands = false
    for (const step of this.#steps.slice(0, at)) {
      if (step === `begin ${writer}` || step === `unknown ${writer}`) stands = true
      if (step === `finish ${writer}` || step === `refused ${writer}` || step === 'pause') {
        stands = false
      }
    }
    return stands
  }
}
