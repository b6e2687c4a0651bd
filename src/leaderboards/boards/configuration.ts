import { isDeepStrictEqual } from 'node:util'
import type { Binder } from '../../redis/binder.js'
import { type Precondition, preconditionArg } from '../../redis/precondition.js'
import type { BoardConfig } from '../config.js'
import { boardKey } from '../keys.js'
import { isMissing, type Missing, mustRepeat, type Stale, type Untidy } from '../script-replies.js'
import { type FixedChange, fixedChanges } from './fixed-settings.js'
import { ABSENT, type Boards, type KnownBoard } from './known-boards.js'
import type { Registry } from './registry.js'
import { type BoardFault, boardFault } from './rules.js'
import { configureScript, describeScript, dropScript, type SOURCES } from './scripts.js'

interface Settings {
  readonly config: BoardConfig
  readonly version: string
}

export interface Board extends Settings {
  readonly source: (typeof SOURCES)[number]
  /** The present one. */
  readonly season: {
    readonly id: string
    readonly endMs: number
    readonly total: number
    readonly closed: boolean
  }
}

type Described = Board & { readonly kind: 'described' }

interface Configured {
  readonly kind: 'created' | 'changed' | 'unchanged'
  readonly board: Board
  /** Version before the change; ABSENT for none. */
  readonly before: string
}

export type ConfigureOutcome =
  | Configured
  | { readonly kind: 'precondition' }
  | { readonly kind: 'immutable'; readonly changes: readonly FixedChange[] }

export type PatchOutcome =
  | ConfigureOutcome
  | Missing
  | { readonly kind: 'faulty'; readonly fault: BoardFault }

type Refusal = Exclude<PatchOutcome, { readonly before: string }>

/** Of one attempt. */
type Reply = (Settings & Pick<Configured, 'kind' | 'before'>) | Refusal | Stale | Untidy

/** What a call makes of the present settings; of undefined if there is no board. */
type Change = (
  present: BoardConfig | undefined,
) =>
  | { readonly kind: 'wanted'; readonly config: BoardConfig }
  | Exclude<PatchOutcome, ConfigureOutcome>

/** Reads, creates, changes and deletes boards. */
export function createConfiguration(binder: Binder, boards: Boards, registry: Registry) {
  const describeBoard = binder.bind(describeScript)
  const configureBoard = binder.bind(configureScript)
  const dropBoard = binder.bind(dropScript)

  const describe = (namespace: string, board: string): Promise<Described | Missing> =>
    boards.run(namespace, board, undefined, async ({ plan, config, version }, windows) => {
      const reply = await describeBoard({ board: boardKey(namespace, board) }, { plan, windows })
      return reply.kind === 'described' ? Object.assign(reply, { config, version }) : reply
    })

  /** The board after a call that left these settings. */
  async function boardWith(namespace: string, board: string, { config, version }: Settings) {
    const now = await describe(namespace, board)
    if (now.kind === 'described' && now.version === version) return now
    // Another caller has changed it since, or deleted it.
    const { id, endMs } = boards.currentSeason(config.season)
    const season = now.kind === 'described' ? now.season : { id, endMs, total: 0, closed: false }
    return { config, version, source: 'api' as const, season }
  }

  async function change(
    namespace: string,
    board: string,
    toWanted: Change,
    when: Precondition | undefined,
  ): Promise<PatchOutcome> {
    const write = async (known: KnownBoard, windows: string): Promise<Reply> => {
      const { version: before, plan, created } = known
      const keys = { board: boardKey(namespace, board) }
      const decided = decide(known, toWanted, when)
      if (decided.kind !== 'wanted') {
        const present = await describeBoard(keys, { plan, windows })
        return mustRepeat(present) ? present : decided
      }
      const { config } = decided
      const isNew = before === ABSENT
      const changes = isNew ? [] : fixedChanges(known.config, config)
      const version = nextVersion()
      await registry.announce(namespace, board)
      const reply = await configureBoard(keys, {
        plan,
        windows,
        config: JSON.stringify(config),
        new_version: version,
        if_empty: changes.length > 0 ? 1 : 0,
        ttl_ms: config.ttlMs ?? 0,
        member_ttl_ms: config.memberTtlMs ?? 0,
      })
      if (mustRepeat(reply) || isMissing(reply)) return reply
      if (reply.kind === 'has-entries') return { kind: 'immutable', changes }
      await registry.add(namespace, board)
      boards.learn(namespace, board, { config, version, created: isNew ? version : created })
      return { kind: isNew ? 'created' : 'changed', config, version, before }
    }
    const done = await boards.run(namespace, board, undefined, write)
    if (!('before' in done)) return done
    const { kind, before } = done
    return { kind, before, board: await boardWith(namespace, board, done) }
  }

  return {
    describe,

    /** Replaces all settings. */
    configure: (namespace: string, board: string, config: BoardConfig, when?: Precondition) =>
      change(
        namespace,
        board,
        () => ({ kind: 'wanted', config }),
        when,
      ) as Promise<ConfigureOutcome>,

    /** Sets some of the settings of a board that exists. */
    patch: (namespace: string, board: string, some: Partial<BoardConfig>, when?: Precondition) =>
      change(namespace, board, (present) => patched(present, some), when),

    /** @returns the version before; 0 if `absent` */
    async drop(namespace: string, board: string, when?: Precondition) {
      await registry.announceEnd(namespace, board)
      const args = { if_match: preconditionArg(when) }
      const dropped = await dropBoard({ board: boardKey(namespace, board) }, args)
      if (dropped.kind === 'precondition') return dropped
      boards.forget(namespace, board)
      await registry.remove(namespace, board)
      return dropped
    },
  }
}

function patched(present: BoardConfig | undefined, some: Partial<BoardConfig>): ReturnType<Change> {
  if (!present) return { kind: 'missing', what: 'board' }
  const config = { ...present, ...some }
  const fault = boardFault(config)
  return fault ? { kind: 'faulty', fault } : { kind: 'wanted', config }
}

/** The settings to write, or the outcome without a write if the known settings are the present ones. */
function decide(
  { version, config: present }: KnownBoard,
  toWanted: Change,
  when: Precondition | undefined,
): ReturnType<Change> | Extract<Reply, { kind: 'precondition' } | Settings> {
  const exists = version !== ABSENT
  const wanted = toWanted(exists ? present : undefined)
  if (wanted.kind !== 'wanted') return wanted
  const holds = when === 'none' ? !exists : when === '*' ? exists : `${when ?? version}` === version
  if (!holds) return { kind: 'precondition' }
  if (!exists || !isDeepStrictEqual(present, wanted.config)) return wanted
  return { kind: 'unchanged', config: present, version, before: version }
}

let lastVersion = 0

/** Versions grow with time, so a board that is deleted and created again never repeats one. */
export function nextVersion(): string {
  const nowUs = Date.now() * 1_000 + Math.floor(Math.random() * 1_000)
  lastVersion = Math.max(lastVersion + 1, nowUs)
  return `${lastVersion}`
}
