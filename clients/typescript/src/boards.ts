import type { components } from './api.js'
import type { Call, Input } from './call.js'
import { isProblem } from './errors.js'
import type { CallOptions } from './transport.js'

type Schemas = components['schemas']

/** A bigint of an int64 column, or a number. */
export type Score = bigint | number

type Exact<E> = Omit<E, 'score' | 'scores'> & {
  readonly score?: Score
  readonly scores?: readonly Score[]
}

export type Entry = Exact<Schemas['LeaderboardEntry']>

export class Boards {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  async submit(
    board: string,
    entries: readonly Exact<Schemas['ScoreSubmission']>[],
    options?: CallOptions,
  ): Promise<Exact<Schemas['ScoreResult']>[]> {
    const body = { entries: entries.map(toText) }
    const { json } = await this.#call('submitScores', { path: { board }, body }, options)
    return json.results.map(toExact)
  }

  /** A page of the board, from the best on. */
  async top(
    board: string,
    query: Input<'listEntries'>['query'] = {},
    options?: CallOptions,
  ): Promise<Entry[]> {
    const { json } = await this.#call('listEntries', { path: { board }, query }, options)
    return json.items.map(toExact)
  }

  /** The entry of a member, `undefined` without one. */
  async rank(board: string, member: string, options?: CallOptions) {
    try {
      const { json } = await this.#call('getEntry', { path: { board, member } }, options)
      return toExact(json)
    } catch (error) {
      if (isProblem(error, 'member-not-found')) return undefined
      throw error
    }
  }

  /** The member and its neighbours. */
  async around(
    board: string,
    member: string,
    query: Input<'listEntriesAround'>['query'] = {},
    options?: CallOptions,
  ): Promise<Entry[]> {
    const input = { path: { board, member }, query }
    return (await this.#call('listEntriesAround', input, options)).json.items.map(toExact)
  }
}

const exact = (score: Schemas['Score']): Score =>
  typeof score === 'string' ? BigInt(score) : score

const text = (score: Score) => (typeof score === 'bigint' ? String(score) : score)

function toExact<E extends { score?: Schemas['Score']; scores?: Schemas['Score'][] }>({
  score,
  scores,
  ...entry
}: E): Exact<E> {
  return {
    ...entry,
    ...(score !== undefined && { score: exact(score) }),
    ...(scores && { scores: scores.map(exact) }),
  }
}

function toText({ score, scores, ...entry }: Exact<Schemas['ScoreSubmission']>) {
  return {
    ...entry,
    ...(score !== undefined && { score: text(score) }),
    ...(scores && { scores: scores.map(text) }),
  }
}
