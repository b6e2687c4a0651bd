import type { Binder } from '../../redis/binder.js'
import { boardKey, rechecksKey, registryKey } from '../keys.js'
import { listScript, registerScript, relistScript, ttlScript } from './scripts.js'

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
  const registerBoard = binder.bind(registerScript)
  const relistBoard = binder.bind(relistScript)
  const ttlOf = binder.bind(ttlScript)
  const listNames = binder.bind(listScript)
  const keysOf = (namespace: string) => ({
    registry: registryKey(namespace),
    rechecks: rechecksKey(namespace),
  })

  const register = (namespace: string, board: string, listed: 1 | '', limit: number) =>
    registerBoard(keysOf(namespace), { board, listed, recheck_in_ms: RECHECK_MS, limit })

  const relist = (namespace: string, board: string, listed: 0 | 1 | '', recheckMs: number | '') =>
    relistBoard(keysOf(namespace), {
      board,
      listed,
      recheck_in_ms: recheckMs,
      new_recheck_in_ms: RECHECK_MS,
    })

  async function recheck(namespace: string, board: string): Promise<void> {
    const leftMs = await ttlOf({ board: boardKey(namespace, board) }, {})
    if (leftMs === GONE) return unlist(namespace, board)
    await relist(namespace, board, 1, leftMs === FOR_EVER ? '' : leftMs)
  }

  const recheckAll = (namespace: string, names: readonly string[]) =>
    Promise.all(names.map((name) => recheck(namespace, name)))

  async function unlist(namespace: string, board: string): Promise<void> {
    await relist(namespace, board, 0, '')
    // Another caller may have created and listed it in between.
    const leftMs = await ttlOf({ board: boardKey(namespace, board) }, {})
    if (leftMs !== GONE) await relist(namespace, board, 1, RECHECK_MS)
  }

  return {
    /** Before a board is created or changed: schedules a recheck. */
    async announce(namespace: string, board: string): Promise<void> {
      const due = await register(namespace, board, '', RECHECKS_PER_CREATION)
      await recheckAll(namespace, due)
    },

    /** After a board was created or got another TTL. If this fails, the recheck lists it. */
    async add(namespace: string, board: string): Promise<void> {
      await register(namespace, board, 1, 0).catch(ignore)
    },

    /** Before a board is deleted: schedules a recheck. */
    async announceEnd(namespace: string, board: string): Promise<void> {
      await relist(namespace, board, '', RECHECK_MS)
    },

    /** After a board was deleted. If this fails, the recheck unlists it. */
    remove: (namespace: string, board: string) => unlist(namespace, board).catch(ignore),

    /** Names that start with `prefix` and sort after `after`, ordered by their bytes. */
    async list(namespace: string, prefix: string, after: string, limit: number) {
      const range = {
        first: after ? `(${after}` : prefix ? `[${prefix}` : '-',
        // Names contain no byte above 0x7f.
        last: prefix ? `(${prefix}\x7f` : '+',
        limit,
        max_rechecks: RECHECKS_PER_LIST,
      }
      while (true) {
        const { rechecks, names } = await listNames(keysOf(namespace), range)
        if (rechecks.length === 0) return names.map((name) => ({ name }))
        await recheckAll(namespace, rechecks)
      }
    },
  }
}

/** The board itself has changed, so the answer must not be an error. */
const ignore = () => undefined

const FOR_EVER = -1
const GONE = -2
