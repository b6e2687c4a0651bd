import type { Binder } from '../../redis/binder.js'
import { boardKey, looksKey, registryKey } from '../keys.js'
import { lifeScript, listScript, registerScript } from './scripts.js'

/** Longer than a creation takes, with its retries. */
const LOOK_AGAIN_MS = 60_000
/** Every creation looks at more boards than it adds, so those that ended never pile up. */
const LOOKS_PER_CREATION = 10
const LOOKS_PER_LIST = 100

/**
 * The names of the boards of a namespace. They lie in another slot than the boards, so a name is
 * looked at again a minute after it came: by then its board exists, or never came to be.
 */
export interface Registry {
  /** Before a board is created, changed or deleted: in a minute its name is looked at. */
  announce(namespace: string, board: string): Promise<void>
  /** After a board was created, or got another life; should this fail, the look does it. */
  add(namespace: string, board: string): Promise<void>
  /** After a board was deleted; should this fail, the look does it. */
  remove(namespace: string, board: string): Promise<void>
  /** Names that start with `prefix` and sort after `after`, in the order of their bytes. */
  list(namespace: string, prefix: string, after: string, limit: number): Promise<string[]>
}

export function createRegistry(binder: Binder): Registry {
  const register = binder.bind(registerScript)
  const lifeOf = binder.bind(lifeScript)
  const listNames = binder.bind(listScript)

  const write = async (
    namespace: string,
    board: string,
    change: { listed: 0 | 1 | ''; look_in_ms: number | '' },
    limit = 0,
  ) =>
    register(
      { registry: registryKey(namespace), looks: looksKey(namespace) },
      { board, ...change, new_look_in_ms: LOOK_AGAIN_MS, limit },
    )

  async function look(namespace: string, board: string): Promise<void> {
    const leftMs = await lifeOf({ board: boardKey(namespace, board) }, {})
    if (leftMs === GONE) return unlist(namespace, board)
    await write(namespace, board, { listed: 1, look_in_ms: leftMs === FOR_EVER ? '' : leftMs })
  }

  const lookAt = (namespace: string, names: readonly string[]) =>
    Promise.all(names.map((name) => look(namespace, name)))

  async function unlist(namespace: string, board: string): Promise<void> {
    await write(namespace, board, { listed: 0, look_in_ms: '' })
    // Whoever created it meanwhile may have listed it before it was unlisted.
    const leftMs = await lifeOf({ board: boardKey(namespace, board) }, {})
    if (leftMs !== GONE) await write(namespace, board, { listed: 1, look_in_ms: LOOK_AGAIN_MS })
  }

  return {
    async announce(namespace, board) {
      const change = { listed: '', look_in_ms: LOOK_AGAIN_MS } as const
      const due = await write(namespace, board, change, LOOKS_PER_CREATION)
      await lookAt(namespace, due)
    },

    async add(namespace, board) {
      await write(namespace, board, { listed: 1, look_in_ms: LOOK_AGAIN_MS }).catch(ignore)
    },

    remove: (namespace, board) => unlist(namespace, board).catch(ignore),

    async list(namespace, prefix, after, limit) {
      const range = {
        first: after ? `(${after}` : prefix ? `[${prefix}` : '-',
        // No name holds a byte above 0x7f.
        last: prefix ? `(${prefix}\x7f` : '+',
        limit,
        most_looks: LOOKS_PER_LIST,
      }
      const keys = { registry: registryKey(namespace), looks: looksKey(namespace) }
      while (true) {
        const { looks, names } = await listNames(keys, range)
        if (looks.length === 0) return names
        await lookAt(namespace, looks)
      }
    },
  }
}

/** The board is what it became: an answer must not say otherwise. */
const ignore = () => undefined

const FOR_EVER = -1
const GONE = -2
