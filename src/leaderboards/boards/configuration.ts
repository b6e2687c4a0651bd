import type { Binder } from '../../redis/binder.js'
import { type Precondition, preconditionArg } from '../../redis/precondition.js'
import type { BoardConfig } from '../config.js'
import { boardKey } from '../keys.js'
import { isKnownToHold } from '../script-replies.js'
import { type FixedChange, fixedChanges, isSameConfig } from './fixed-settings.js'
import { ABSENT, type Boards } from './known-boards.js'
import type { Registry } from './registry.js'
import { configureScript, describeScript, dropScript } from './scripts.js'

export type ConfigureOutcome =
  | {
      readonly kind: 'created' | 'changed' | 'unchanged'
      readonly version: string
      /** That of the configuration that stood there; ABSENT for none. */
      readonly before: string
    }
  | { readonly kind: 'precondition' }
  | { readonly kind: 'immutable'; readonly changes: readonly FixedChange[] }

interface Deps {
  readonly binder: Binder
  readonly boards: Boards
  readonly registry: Registry
}

/** Boards come, change and go. */
export function createConfiguration({ binder, boards, registry }: Deps) {
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
          return isKnownToHold(present) ? decided : present
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

    /** @returns `absent` where there was none; the version that was there, 0 for none */
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

/** What needs no write, if the configuration that this process knows is the present one. */
function decide(
  { version, config: present }: { readonly version: string; readonly config: BoardConfig },
  config: BoardConfig,
  when: Precondition | undefined,
): ConfigureOutcome | undefined {
  const exists = version !== ABSENT
  const holds = when === 'none' ? !exists : when === '*' ? exists : `${when ?? version}` === version
  if (!holds) return { kind: 'precondition' }
  if (exists && isSameConfig(present, config))
    return { kind: 'unchanged', version, before: version }
  return undefined
}

/** Versions grow with time, so that a board deleted and made again never repeats one. */
export const nextVersion = versions()

function versions(): () => string {
  let last = 0
  return () => {
    last = Math.max(last + 1, Date.now() * 1_000 + Math.floor(Math.random() * 1_000))
    return `${last}`
  }
}
