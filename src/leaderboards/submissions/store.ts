import type { Binder } from '../../redis/binder.js'
import { StoreError } from '../../redis/errors.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { nextVersion } from '../boards/configuration.js'
import { ABSENT, type Boards } from '../boards/known-boards.js'
import type { Registry } from '../boards/registry.js'
import { describeScript } from '../boards/scripts.js'
import type { BoardConfig, Op } from '../config.js'
import { boardKey, recordKey } from '../keys.js'
import { type SubmittedScores, toScoreTexts } from '../scores.js'
import { isKnownToHold } from '../script-replies.js'
import { entriesPerCall, type SubmitReply, submitScript } from './scripts.js'

export interface Submission extends SubmittedScores {
  readonly member: string
  readonly op?: Op | undefined
  /** Serialized JSON. */
  readonly metadata?: string | undefined
  readonly ifSeq?: number | undefined
}

/** What of an entry does not fit the board: its place in the call, the field, and why. */
export interface EntryProblem {
  readonly at: number
  readonly field: string
  readonly message: string
}

type Submitted = Extract<SubmitReply, { kind: 'submitted' }> & { readonly config: BoardConfig }
type Refused =
  | { readonly kind: 'closed' | 'conflict' }
  | { readonly kind: 'refused'; readonly problem: EntryProblem }

/** Entries that were applied as one step, or refused as one. */
export interface SubmittedPart {
  readonly entries: readonly Submission[]
  readonly reply: Submitted | Refused
}

/** What became of the entries of a call, in their order. The first part was not refused. */
export type SubmitOutcome =
  | { readonly kind: 'submitted'; readonly parts: readonly SubmittedPart[] }
  | Refused

interface Deps {
  readonly binder: Binder
  readonly boards: Boards
  readonly registry: Registry
}

export function createSubmissions({ binder, boards, registry }: Deps) {
  const describe = binder.bind(describeScript)
  const submitEntries = binder.bind(submitScript)

  /** As many of the entries as one script may apply. */
  const submitPart = (
    namespace: string,
    board: string,
    entries: readonly Submission[],
    part: number,
    idempotency: Idempotency | undefined,
  ) =>
    boards.run(namespace, board, undefined, async (known, windows) => {
      const { plan, bounds, version, config } = known
      const keys = { board: boardKey(namespace, board) }
      // All of them are looked at: what is refused is refused before anything was applied.
      const ready = toScriptEntries(config, entries)
      if (!Array.isArray(ready)) {
        // What does not fit the configuration known here may fit the present one.
        const present = await describe(keys, { plan, windows })
        const refused = { kind: 'refused' as const, problem: ready }
        return isKnownToHold(present) ? refused : present
      }
      const isNew = version === ABSENT
      const newVersion = isNew ? nextVersion() : ''
      if (isNew) await registry.announce(namespace, board)
      const record = idempotency && recordKey(namespace, board, idempotency.digest, part)
      const reply = await submitEntries(
        { board: keys.board, record },
        {
          plan,
          windows,
          bounds,
          keep: config.season.keep,
          create: isNew ? JSON.stringify(config) : '',
          new_version: newVersion,
          fingerprint: idempotency?.fingerprint ?? '',
          record_ttl_ms: idempotency?.ttlMs ?? 0,
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
     * Applies entries in their order. Those that one script may not apply together are applied in
     * parts, each as one step; each part has an idempotency record of its own, so a retry goes on
     * where the call ended.
     * @throws StoreError `outcome-unknown` once a part was applied, whatever became of the next
     */
    async submit(
      namespace: string,
      board: string,
      entries: readonly Submission[],
      idempotency?: Idempotency,
    ): Promise<SubmitOutcome> {
      const parts: SubmittedPart[] = []
      for (let at = 0; at < entries.length; ) {
        const rest = entries.slice(at)
        const reply = await submitPart(namespace, board, rest, parts.length, idempotency).catch(
          (error: unknown) => {
            throw parts.length === 0 ? error : partlyApplied(error)
          },
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

const partlyApplied = (cause: unknown): StoreError =>
  new StoreError('outcome-unknown', 'Some of the entries were applied.', undefined, cause)

/** An entry as the script reads it. */
export interface ScriptEntry {
  readonly member: string
  readonly ops: string
  readonly if_seq: string | number
  readonly metadata: string
  readonly scores: string
}

/** The entries of a call as the script reads them, or the first that does not fit the board. */
function toScriptEntries(
  config: BoardConfig,
  entries: readonly Submission[],
): ScriptEntry[] | EntryProblem {
  const ready: ScriptEntry[] = []
  for (const [at, entry] of entries.entries()) {
    const scores = toScoreTexts(config, entry)
    if (!Array.isArray(scores)) return { at, ...scores }
    const refused = refusedOp(config, entry.op)
    if (refused) return { at, field: 'op', message: refused }
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

function refusedOp(config: BoardConfig, op: Op | undefined): string | undefined {
  // A member that fell out would come back with the increment alone.
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
