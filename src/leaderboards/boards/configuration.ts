import { isDeepStrictEqual } from 'node:util'
import type { Binder } from '../../redis/binder.js'
import { type Precondition, preconditionArg } from '../../redis/precondition.js'
import type { BoardConfig } from '../config.js'
import { boardKey } from '../keys.js'
import { isCurrent } from '../script-replies.js'
import { type FixedChange, fixedChanges } from './fixed-settings.js'
import { ABSENT, type Boards, type KnownBoard } from './known-boards.js'
import type { Registry } from './registry.js'
import { configureScript, describeScript, dropScript } from './scripts.js'

export type ConfigureOutcome =
  | {
      readonly kind: 'created' | 'changed' | 'unchanged'
      readonly version: string
      /** Version before the change; ABSENT for none. */
      readonly before: string
    }
  | { readonly kind: 'precondition' }
  | { readonly kind: 'immutable'; readonly changes: readonly FixedChange[] }

/** Creates, changes and deletes boards. */
export function createConfiguration(binder: Binder, boards: Boards, registry: Registry) {
  const describe = binder.bind(describeScript)
  const configureBoard = binder.bind(configureScript)
  const dropBoard = binder.bind(dropScript)

  return {
    configure: (namespace: string, board: string, config: BoardConfig, when?: Precondition) =>
      boards.run(namespace, board, undefined, async (known, windows) => {
        const { version, plan, created } = known
        const keys = { board: boardKey(namespace, board) }
        const decided = decide(known, config, when)
        if (decided) {
          const present = await describe(keys, { plan, windows })
          return isCurrent(present) ? decided : present
        }
        const isNew = version === ABSENT
        const changes = isNew ? [] : fixedChanges(known.config, config)
        const newVersion = nextVersion()
        await registry.announce(namespace, board)
        const reply = await configureBoard(keys, {
          plan,
          windows,
          config: JSON.stringify(config),
          new_version: newVersion,
          if_empty: changes.length > 0 ? 1 : 0,
          ttl_ms: config.ttlMs ?? 0,
          member_ttl_ms: config.memberTtlMs ?? 0,
        })
        if (reply.kind === 'has-entries') return { kind: 'immutable' as const, changes }
        if (reply.kind !== 'done') return reply
        await registry.add(namespace, board)
        const present = { config, version: newVersion, created: isNew ? newVersion : created }
        boards.learn(namespace, board, present)
        return { kind: isNew ? 'created' : 'changed', version: newVersion, before: version }
      }) as Promise<ConfigureOutcome>,

    /** @returns the version before; 0 if `absent` */
    async drop(namespace: string, board: string, when?: Precondition) {
      await registry.announce(namespace, board)
      const args = { if_match: preconditionArg(when) }
      const dropped = await dropBoard({ board: boardKey(namespace, board) }, args)
      if (dropped.kind === 'precondition') return dropped
      boards.forget(namespace, board)
      await registry.remove(namespace, board)
      return dropped
    },
  }
}

/** The outcome without a write, if the configuration known here is the present one. */
function decide(
  { version, config: present }: KnownBoard,
  config: BoardConfig,
  when: Precondition | undefined,
): ConfigureOutcome | undefined {
  const exists = version !== ABSENT
  const holds = when === 'none' ? !exists : when === '*' ? exists : `${when ?? version}` === version
  if (!holds) return { kind: 'precondition' }
  if (!exists || !isDeepStrictEqual(present, config)) return undefined
  return { kind: 'unchanged', version, before: version }
}

let lastVersion = 0

/** Versions grow with time, so a board that is deleted and created again never repeats one. */
export function nextVersion(): string {
  const nowUs = Date.now() * 1_000 + Math.floor(Math.random() * 1_000)
  lastVersion = Math.max(lastVersion + 1, nowUs)
  return `${lastVersion}`
}
