import type { PinnedSeason, SeasonChoice } from '../boards/known-boards.js'
import type { BoardConfig } from '../config.js'
import type { Missing } from '../script-replies.js'
import { type ListedReply, listedPerCall, type RangeReply } from './scripts.js'

/** The last entry that was read. It need not exist any more. */
export interface Cursor extends PinnedSeason {
  readonly scores: string
  readonly sequence: string
  readonly member: string
}

/** The entries to read, and from which end. */
export interface Range {
  /** 1: the first entry of the range, or the first after the cursor. */
  readonly from: number
  readonly limit: number
  readonly startWith: 'best' | 'worst'
  /** First column of the best and of the worst entry wanted; '' for any. */
  readonly bestScore: string
  readonly worstScore: string
  readonly after?: Cursor | undefined
}

export interface Listing extends PinnedSeason {
  readonly kind: 'listed'
  readonly total: number
  /** From the end where the range begins. */
  readonly entries: readonly ListedReply[]
  /** Undefined at the end of the range. */
  readonly next: Cursor | undefined
  readonly config: BoardConfig
}

type Known = { readonly config: BoardConfig } & PinnedSeason
type Reply = (RangeReply & Known & { readonly kind: 'page' | 'around' }) | Missing

/** Reads entries of one season, as many as one script may list. */
export type ReadPage = (
  season: SeasonChoice,
  args: (config: BoardConfig) => ReturnType<typeof toArgs>,
) => Promise<Reply>

/**
 * A range of any length, read in parts that each fit into one script, all from one season of one board.
 * Each part has a moment of its own; an entry that does not change meanwhile is returned exactly once.
 */
export async function readRange(
  read: ReadPage,
  season: SeasonChoice,
  rangeOf: (config: BoardConfig) => Range,
): Promise<Listing | Missing> {
  let range: Range | undefined
  const first = await read(season, (config) => {
    range = rangeOf(config)
    return toArgs(range, range.limit, config)
  })
  return first.kind === 'missing' ? first : readRest(read, first, range as Range)
}

/** Adds the rest of a range to its first entries. */
export async function readRest(
  read: ReadPage,
  first: Exclude<Reply, Missing>,
  range: Range,
): Promise<Listing | Missing> {
  const entries = [...inOrder(first, range)]
  let part = first
  while (part.more && entries.length < range.limit) {
    const left = range.limit - entries.length
    const after = cursorOf(part, range)
    const next = await read(first, (config) => toArgs({ ...range, from: 1, after }, left, config))
    if (next.kind === 'missing') return next
    part = next
    entries.push(...inOrder(part, range))
  }
  const { season, created, total, config } = first
  return { kind: 'listed', season, created, total, config, entries, next: cursorOf(part, range) }
}

const inOrder = ({ entries }: RangeReply, { startWith }: Range): readonly ListedReply[] =>
  startWith === 'worst' ? entries.toReversed() : entries

function cursorOf(part: RangeReply & PinnedSeason, range: Range): Cursor | undefined {
  const last = inOrder(part, range).at(-1)
  if (!last || !part.more) return undefined
  const { scores, member } = last
  const { season, created, lastSequence: sequence } = part
  return { scores, member, sequence, season, created }
}

function toArgs(range: Range, limit: number, { columns }: BoardConfig) {
  const { from, startWith, bestScore, worstScore, after } = range
  return {
    from,
    limit: Math.min(limit, listedPerCall(columns.length)),
    worst: startWith === 'worst' ? 1 : 0,
    best_score: bestScore,
    worst_score: worstScore,
    after: after?.scores ?? '',
    after_seq: after?.sequence ?? '0',
    after_member: after?.member ?? '',
  }
}
