import type { Binder } from '../../redis/binder.js'
import { boardKey, rechecksKey, registryKey } from '../keys.js'
import { listScript, registerScript, ttlScript } from './scripts.js'

/** Longer than a creation takes, with its retries. */
const RECHECK_MS = 60_000
/** Every creation rechecks more boards than it adds, so expired ones do not accumulate. */
const RECHECKS_PER_CREATION = 10
const RECHECKS_PER_LIST = 100

export type Registry = ReturnType<typeof createRegistry>

/**
 * The names of the boards of a namespace. The list is in another slot than the boards, so a name is
 * rechecked a minute after each change: by then the change is complete, or it failed.
 */
export function createRegistry(binder: Binder) {
  const register = binder.bind(registerScript)
  const ttlOf = binder.bind(ttlScript)
  const listNames = binder.bind(listScript)

  const write = async (
    namespace: string,
    board: string,
    change: { listed: 0 | 1 | ''; recheck_in_ms: number | '' },
    limit = 0,
  ) =>
    register(
      { registry: registryKey(namespace), rechecks: rechecksKey(namespace) },
      { board, ...change, new_recheck_in_ms: RECHECK_MS, limit },
    )

  async function recheck(namespace: string, board: string): Promise<void> {
    const leftMs = await ttlOf({ board: boardKey(namespace, board) }, {})
    if (leftMs === GONE) return unlist(namespace, board)
    await write(namespace, board, { listed: 1, recheck_in_ms: leftMs === FOR_EVER ? '' : leftMs })
  }

  const recheckAll = (namespace: string, names: readonly string[]) =>
    Promise.all(names.map((name) => recheck(namespace, name)))

  async function unlist(namespace: string, board: string): Promise<void> {
    await write(namespace, board, { listed: 0, recheck_in_ms: '' })
    // Another caller may have created and listed it in between.
    const leftMs = await ttlOf({ board: boardKey(namespace, board) }, {})
    if (leftMs !== GONE) await write(namespace, board, { listed: 1, recheck_in_ms: RECHECK_MS })
  }

  return {
    /** Before a board is created, changed or deleted: schedules a recheck. */
    async announce(namespace: string, board: string): Promise<void> {
      const change = { listed: '', recheck_in_ms: RECHECK_MS } as const
      const due = await write(namespace, board, change, RECHECKS_PER_CREATION)
      await recheckAll(namespace, due)
    },

    /** After a board was created or got another TTL. If this fails, the recheck lists it. */
    async add(namespace: string, board: string): Promise<void> {
      await write(namespace, board, { listed: 1, recheck_in_ms: RECHECK_MS }).catch(ignore)
    },

    /** After a board was deleted. If this fails, the recheck unlists it. */
    remove: (namespace: string, board: string) => unlist(namespace, board).catch(ignore),

    /** Names that start with `prefix` and sort after `after`, ordered by their bytes. */
    async list(namespace: string, prefix: string, after: string, limit: number): Promise<string[]> {
      const range = {
        first: after ? `(${after}` : prefix ? `[${prefix}` : '-',
        // Names contain no byte above 0x7f.
        last: prefix ? `(${prefix}\x7f` : '+',
        limit,
        max_rechecks: RECHECKS_PER_LIST,
      }
      const keys = { registry: registryKey(namespace), rechecks: rechecksKey(namespace) }
      while (true) {
        const { rechecks, names } = await listNames(keys, range)
        if (rechecks.length === 0) return names
        await recheckAll(namespace, rechecks)
      }
    },
  }
}

/** The board itself has changed, so the answer must not be an error. */
const ignore = () => undefined

const FOR_EVER = -1
const GONE = -2
