import type { Binder } from '../../redis/binder.js'
import { stepOf } from '../../redis/errors.js'
import { type Fence, fenceArg } from '../../redis/fence.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { nextVersion } from '../boards/configuration.js'
import { ABSENT, type Boards } from '../boards/known-boards.js'
import type { Registry } from '../boards/registry.js'
import { describeScript } from '../boards/scripts.js'
import type { BoardConfig, Op } from '../config.js'
import { boardKey, fencesKey, recordKey } from '../keys.js'
import { type SubmittedScores, toScoreTexts } from '../scores.js'
import { mustRepeat } from '../script-replies.js'
import { entriesPerCall, type SubmitReply, submitScript } from './scripts.js'

export interface Submission extends SubmittedScores {
  readonly member: string
  readonly op?: Op | undefined
  /** Serialized JSON. */
  readonly metadata?: string | undefined
  readonly ifSeq?: number | undefined
}

/** Why an entry does not fit the board: its place in the call, the field, and the message. */
export interface EntryFault {
  readonly at: number
  readonly field: string
  readonly message: string
}

type Submitted = Extract<SubmitReply, { kind: 'submitted' }> & { readonly config: BoardConfig }
type Refused =
  | Exclude<SubmitReply, { kind: 'submitted' }>
  | { readonly kind: 'refused'; readonly fault: EntryFault }

/** Entries that were applied, or refused, in one step. */
export interface SubmittedPart {
  readonly entries: readonly Submission[]
  readonly reply: Submitted | Refused
}

/** Whether an earlier call with its idempotency key had applied it. */
export const isReplayed = ({ reply }: SubmittedPart): boolean =>
  reply.kind === 'submitted' && reply.replayed

/** The entries of a call, in order. A call whose first part is refused is refused as a whole. */
export type SubmitOutcome =
  | { readonly kind: 'submitted'; readonly parts: readonly SubmittedPart[] }
  | Refused

export interface SubmitOptions {
  readonly idempotency?: Idempotency | undefined
  readonly fence?: Fence | undefined
}

export function createSubmissions(binder: Binder, boards: Boards, registry: Registry) {
  const describe = binder.bind(describeScript)
  const submitEntries = binder.bind(submitScript)

  /** Applies as many of the entries as one script may. */
  const submitPart = (
    namespace: string,
    board: string,
    entries: readonly Submission[],
    part: number,
    { idempotency, fence }: SubmitOptions,
  ) =>
    boards.run(namespace, board, undefined, async (known, windows) => {
      const { plan, bounds, version, config } = known
      const keys = { board: boardKey(namespace, board) }
      // Checks all entries, so that a call is refused before any entry is applied.
      const ready = toScriptEntries(config, entries)
      if (!Array.isArray(ready)) {
        // Entries that do not fit the known configuration may fit the present one.
        const present = await describe(keys, { plan, windows })
        const refused = { kind: 'refused' as const, fault: ready }
        return mustRepeat(present) ? present : refused
      }
      const isNew = version === ABSENT
      const newVersion = isNew ? nextVersion() : ''
      if (isNew) await registry.announce(namespace, board)
      const record = idempotency && recordKey(namespace, board, idempotency.digest, part)
      const reply = await submitEntries(
        { board: keys.board, record, fences: fence && fencesKey(namespace, board) },
        {
          plan,
          windows,
          bounds,
          keep: config.season.keep,
          create: isNew ? JSON.stringify(config) : '',
          new_version: newVersion,
          fingerprint: idempotency?.fingerprint ?? '',
          record_ttl_ms: idempotency?.ttlMs ?? 0,
          fence: fenceArg(fence),
          entries: ready.slice(0, entriesPerCall(config.columns.length)),
        },
      )
      if (reply.kind !== 'submitted') return reply
      if (isNew && !reply.replayed) {
        await registry.add(namespace, board)
        boards.learn(namespace, board, { config, version: newVersion, created: newVersion })
      }
      return Object.assign(reply, { config })
    }) as Promise<Submitted | Refused>

  return {
    /**
     * Applies entries in order. Entries that are too many for one script are applied in parts, each in
     * one step; each part has an idempotency record of its own, so a retry continues where the call
     * ended.
     * @throws StoreError `outcome-unknown` if a part fails after another was applied
     */
    async submit(
      namespace: string,
      board: string,
      entries: readonly Submission[],
      options: SubmitOptions = {},
    ): Promise<SubmitOutcome> {
      const parts: SubmittedPart[] = []
      for (let at = 0; at < entries.length; ) {
        const rest = entries.slice(at)
        const reply = await stepOf(
          submitPart(namespace, board, rest, parts.length, options),
          parts.length > 0,
          'Some of the entries were applied.',
        )
        const count = reply.kind === 'submitted' ? reply.entries.length : rest.length
        if (reply.kind !== 'submitted' && parts.length === 0) return reply
        parts.push({ entries: rest.slice(0, count), reply })
        at += count
      }
      return { kind: 'submitted', parts }
    },
  }
}

/** The entries of a call as the script reads them, or the first that does not fit the board. */
function toScriptEntries(config: BoardConfig, entries: readonly Submission[]) {
  const ready = []
  for (const [at, entry] of entries.entries()) {
    const scores = toScoreTexts(config, entry)
    if (!Array.isArray(scores)) return Object.assign(scores, { at }) satisfies EntryFault
    const message = opFault(config, entry.op)
    if (message) return { at, field: 'op', message } satisfies EntryFault
    ready.push({
      member: entry.member,
      ops: opsText(config, entry.op),
      if_seq: entry.ifSeq ?? '',
      metadata: entry.metadata ?? '',
      scores: scores.join(' '),
    })
  }
  return ready
}

function opFault(config: BoardConfig, op: Op | undefined): string | undefined {
  // A dropped member would return with the last increment as its score.
  if (op === 'incr' && config.maxMembers) return 'must not be incr on a board with maxMembers'
  if (op === 'best' && config.columns.some((column) => column.op)) {
    return 'must not be best on a board whose columns have operations of their own'
  }
  return undefined
}

/** The operations of an entry as the script reads them: `best`, or one for every column. */
function opsText({ columns, op }: BoardConfig, entryOp: Op | undefined): string {
  if (entryOp === 'best') return 'best'
  if (entryOp) return columns.map(() => entryOp).join(' ')
  if (columns.some((column) => column.op)) {
    return columns.map((column) => column.op ?? op).join(' ')
  }
  return op === 'best' ? 'best' : columns.map(() => op).join(' ')
}
