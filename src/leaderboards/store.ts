import type { Binder } from '../redis/binder.js'
import type { Idempotency } from '../redis/idempotency.js'
import {
  closeScript,
  configureScript,
  describeScript,
  dropScript,
  listScript,
  registerScript,
  seasonsScript,
} from './board-scripts.js'
import { createBoards } from './boards.js'
import { type BoardConfig, DEFAULT_BOARD, identityOf } from './config.js'
import {
  aroundScript,
  eraseScript,
  hideScript,
  membersScript,
  pageScript,
  removeScript,
  whereScript,
} from './entry-scripts.js'
import { boardKey, memoKey, registryKey } from './keys.js'
import { type Again, isAgain } from './script-replies.js'
import { type Submission, toScriptEntries } from './submissions.js'
import { submitScript } from './submit-script.js'

/** The last entry that was seen: it need not exist any more. */
export interface Cursor {
  readonly scores: string
  readonly sequence: string
  readonly member: string
}

export type LeaderboardStore = ReturnType<typeof createLeaderboardStore>

/**
 * One Redis round trip for a call, and one more when this process knew an older configuration or
 * another season. Only what creates, configures or deletes a board takes up to three: the registry
 * lies in another slot. Reads answer `missing` for a board that does not exist; the first write
 * creates it.
 */
export function createLeaderboardStore({ binder }: { readonly binder: Binder }) {
  let templateOf = (_board: string): BoardConfig => DEFAULT_BOARD
  const boards = createBoards((board) => templateOf(board))
  const nextVersion = versions()
  const registerName = binder.bind(registerScript)
  const submitEntries = binder.bind(submitScript)
  const listNames = binder.bind(listScript)
  const configureBoard = binder.bind(configureScript)
  const dropBoard = binder.bind(dropScript)

  const describe = binder.bind(describeScript)
  const listSeasons = binder.bind(seasonsScript)
  const register = (namespace: string, board: string, add: 0 | 1) =>
    registerName({ registry: registryKey(namespace) }, { board, add })

  /** Binds a script that needs a board: a version of 0 that Redis confirms means there is none. */
  function onBoard<A, R extends { readonly outcome: string }>(
    run: (keys: { board: string }, args: A) => Promise<R | Again>,
  ) {
    return (
      namespace: string,
      board: string,
      season: string | undefined,
      /** A function where the arguments depend on the columns of the board. */
      args: Own<A> | ((config: BoardConfig) => Own<A>),
    ) =>
      boards.run(namespace, board, season, async ({ plan, version, config }, windows) => {
        const keys = { board: boardKey(namespace, board) }
        let own: Own<A>
        try {
          own = typeof args === 'function' ? args(config) : args
        } catch (error) {
          // What does not fit the configuration known here may fit the present one.
          const present = await describe(keys, { plan, windows })
          if (isAgain(present)) return present
          throw error
        }
        const reply = await run(keys, { ...own, plan, windows } as A)
        if (isAgain(reply)) return reply
        if (version === '0') return { outcome: 'missing' as const }
        // An old season without a member was never, or is gone: that is not an empty page.
        if (season && 'total' in reply && reply.total === 0) {
          const present = await listSeasons(keys, { plan, windows })
          if (isAgain(present)) return present
          if (!present.seasons.some(({ id }) => id === season)) {
            return { outcome: 'missing' as const }
          }
        }
        return { ...reply, config, version }
      })
  }

  return {
    currentSeason: boards.currentSeason,
    /** @param template the configuration of a board that its first submission creates */
    replaceTemplates(template: (board: string) => BoardConfig): void {
      templateOf = template
      boards.forgetAbsent()
    },
    describe: onBoard(describe),
    page: onBoard(binder.bind(pageScript)),
    around: onBoard(binder.bind(aroundScript)),
    members: onBoard(binder.bind(membersScript)),
    remove: onBoard(binder.bind(removeScript)),
    where: onBoard(binder.bind(whereScript)),
    erase: onBoard(binder.bind(eraseScript)),
    hide: onBoard(binder.bind(hideScript)),
    close: onBoard(binder.bind(closeScript)),
    seasons: onBoard(listSeasons),

    submit: (
      namespace: string,
      board: string,
      entries: readonly Submission[],
      idempotency?: Idempotency,
    ) =>
      boards.run(
        namespace,
        board,
        undefined,
        async ({ plan, bounds, version, config }, windows) => {
          const keys = { board: boardKey(namespace, board) }
          const ready = toScriptEntries(config, entries)
          if (!Array.isArray(ready)) {
            // What does not fit the configuration known here may fit the present one.
            const present = await describe(keys, { plan, windows })
            return isAgain(present) ? present : { outcome: 'refused' as const, problem: ready }
          }
          const isNew = version === '0'
          const newVersion = isNew ? nextVersion() : ''
          if (isNew) await register(namespace, board, 1)
          const memo = idempotency && memoKey(namespace, board, idempotency.digest)
          const reply = await submitEntries(
            { board: keys.board, memo },
            {
              plan,
              windows,
              bounds,
              keep: config.season.keep,
              create: isNew ? JSON.stringify(config) : '',
              identity: isNew ? identityOf(config) : '',
              new_version: newVersion,
              fingerprint: idempotency?.fingerprint ?? '',
              memo_ttl_ms: idempotency?.ttlMs ?? 0,
              entries: ready,
            },
          )
          if (isAgain(reply)) return reply
          // Once more: a delete of the board that was there before may have unlisted it meanwhile.
          if (isNew) await register(namespace, board, 1)
          if (reply.outcome !== 'submitted') return reply
          const { season, total, replayed, entries: results } = reply
          if (isNew && !replayed) boards.learn(namespace, board, config, newVersion)
          return {
            outcome: 'submitted' as const,
            season,
            total,
            replayed,
            entries: results,
            config,
          }
        },
      ),

    /** @param ifMatch version that must be the present one, '*' for any existing, '' for any */
    async configure(namespace: string, board: string, config: BoardConfig, ifMatch: string) {
      await register(namespace, board, 1)
      const reply = await configureBoard(
        { board: boardKey(namespace, board) },
        {
          config: JSON.stringify(config),
          identity: identityOf(config),
          if_match: ifMatch,
          new_version: nextVersion(),
          ttl_ms: config.ttlMs ?? 0,
        },
      )
      if (reply.outcome === 'created') await register(namespace, board, 1)
      boards.forget(namespace, board)
      return reply
    },

    /** @returns false where there was none */
    async drop(namespace: string, board: string): Promise<boolean> {
      const existed = await dropBoard({ board: boardKey(namespace, board) }, {})
      boards.forget(namespace, board)
      await register(namespace, board, 0)
      // Whoever made it anew meanwhile may have listed it before it was unlisted.
      const state = await boards.run(
        namespace,
        board,
        undefined,
        async ({ plan, version }, windows) => {
          const reply = await describe({ board: boardKey(namespace, board) }, { plan, windows })
          return isAgain(reply) ? reply : { outcome: version === '0' ? 'gone' : 'there' }
        },
      )
      if (state.outcome === 'there') await register(namespace, board, 1)
      return existed
    },

    /** Names that start with `prefix` and sort after `after`, in the order of their bytes. */
    list: (namespace: string, prefix: string, after: string, limit: number) =>
      listNames(
        { registry: registryKey(namespace) },
        {
          first: after ? `(${after}` : prefix ? `[${prefix}` : '-',
          // No name holds a byte above 0x7f.
          last: prefix ? `(${prefix}\x7f` : '+',
          limit,
        },
      ),
  }
}

/** The arguments of a script besides those that every script of a board has. */
type Own<A> = Omit<A, 'plan' | 'windows'>

/** Versions grow with time, so that a board deleted and made again never repeats one. */
function versions(): () => string {
  let last = 0
  return () => {
    last = Math.max(last + 1, Date.now() * 1_000 + Math.floor(Math.random() * 1_000))
    return `${last}`
  }
}
