/** A board as a sorted array, the simplest correct implementation. */

export interface ModelColumn {
  readonly name: string
  readonly order: 'asc' | 'desc'
  readonly type: 'number' | 'int64'
}

export type ModelOp = 'best' | 'set' | 'incr' | 'min' | 'max'
export type ModelScore = number | bigint

interface Row {
  readonly member: string
  readonly scores: readonly ModelScore[]
  readonly sequence: number
}

export class BoardModel {
  readonly #columns: readonly ModelColumn[]
  readonly #ties: 'first' | 'last' | 'id'
  #rows: Row[] = []
  #sequence = 0

  constructor(columns: readonly ModelColumn[], ties: 'first' | 'last' | 'id') {
    this.#columns = columns
    this.#ties = ties
  }

  get rows(): readonly Row[] {
    return this.#rows
  }

  /** @returns whether the stored score changed, or undefined if a sum is out of range */
  submit(member: string, op: ModelOp, scores: readonly ModelScore[]): boolean | undefined {
    const old = this.#rows.find((row) => row.member === member)
    const next = old ? this.#apply(op, old.scores, scores) : scores
    if (next === undefined) return undefined
    if (old && this.#compare(old.scores, next) === 0) return false
    this.remove(member)
    this.#rows.push({ member, scores: next, sequence: ++this.#sequence })
    this.#rows.sort((a, b) => this.#order(a, b))
    return true
  }

  remove(member: string): boolean {
    const before = this.#rows.length
    this.#rows = this.#rows.filter((row) => row.member !== member)
    return this.#rows.length < before
  }

  position(member: string): number {
    return this.#rows.findIndex((row) => row.member === member) + 1
  }

  rank(member: string, style: 'competition' | 'dense' | 'ordinal' | 'modified'): number {
    const own = this.#rows.find((row) => row.member === member) as Row
    const better = this.#rows.filter((row) => this.#compare(row.scores, own.scores) < 0)
    const equal = this.#rows.filter((row) => this.#compare(row.scores, own.scores) === 0)
    if (style === 'ordinal') return this.position(member)
    if (style === 'competition') return better.length + 1
    if (style === 'modified') return better.length + equal.length
    return new Set(better.map(({ scores }) => scores.join(' '))).size + 1
  }

  percentile(member: string): number {
    const own = this.#rows.find((row) => row.member === member) as Row
    const worse = this.#rows.filter((row) => this.#compare(row.scores, own.scores) > 0).length
    const equal = this.#rows.filter((row) => this.#compare(row.scores, own.scores) === 0).length
    return (100 * (worse + equal / 2)) / this.#rows.length
  }

  around(member: string, count: number): string[] {
    const index = this.position(member) - 1
    const first = Math.max(0, Math.min(index - Math.floor(count / 2), this.#rows.length - count))
    return this.#rows.slice(first, first + count).map((row) => row.member)
  }

  #apply(op: ModelOp, old: readonly ModelScore[], next: readonly ModelScore[]) {
    if (op === 'set') return next
    if (op === 'best') return this.#compare(next, old) < 0 ? next : old
    const combined = next.map((score, at) => {
      const stored = old[at] as ModelScore
      // Math.min takes no bigint.
      const isLess = score < stored
      if (op === 'min') return isLess ? score : stored
      if (op === 'max') return isLess ? stored : score
      return typeof score === 'bigint' ? score + (stored as bigint) : score + (stored as number)
    })
    return combined.every(inRange) ? combined : undefined
  }

  /** Below 0 if left is better. */
  #compare(left: readonly ModelScore[], right: readonly ModelScore[]): number {
    for (const [at, { order }] of this.#columns.entries()) {
      const [a, b] = [left[at] as ModelScore, right[at] as ModelScore]
      if (a !== b && !(a === 0 && b === 0)) return a < b === (order === 'asc') ? -1 : 1
    }
    return 0
  }

  #order(left: Row, right: Row): number {
    const byScore = this.#compare(left.scores, right.scores)
    if (byScore !== 0) return byScore
    if (this.#ties === 'first') return left.sequence - right.sequence
    if (this.#ties === 'last') return right.sequence - left.sequence
    return Buffer.compare(Buffer.from(left.member), Buffer.from(right.member))
  }
}

export function inRange(score: ModelScore): boolean {
  if (typeof score === 'number') return Number.isFinite(score)
  return score >= -(2n ** 63n) && score < 2n ** 63n
}
