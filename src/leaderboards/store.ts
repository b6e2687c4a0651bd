import type { Binder } from '../redis/binder.js'
import type { Idempotency } from '../redis/idempotency.js'
import { closeScript, describeScript, seasonsScript } from './board-scripts.js'
import { createBoards, type KnownBoard } from './boards.js'
import { type BoardConfig, DEFAULT_BOARD } from './config.js'
import { ABSENT, createConfiguration, nextVersion } from './configuration.js'
import {
  aroundScript,
  eraseScript,
  hideScript,
  membersScript,
  pageScript,
  removeScript,
  whereScript,
} from './entry-scripts.js'
import { boardKey, memoKey } from './keys.js'
import { createRegistry } from './registry.js'
import { type Again, isAgain, isMissing, type Missing } from './script-replies.js'
import { type EntryProblem, type Submission, toScriptEntries } from './submissions.js'
import { type SubmitReply, submitScript } from './submit-script.js'

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
  const registry = createRegistry(binder)
  const submitEntries = binder.bind(submitScript)
  const describe = binder.bind(describeScript)
  const listSeasons = binder.bind(seasonsScript)

  /** Binds a script that needs a board. */
  function onBoard<A, R extends { readonly outcome: string }>(
    run: (keys: { board: string }, args: A) => Promise<R | Again | Missing>,
  ) {
    return async (
      namespace: string,
      board: string,
      season: string | undefined,
      /** A function where the arguments depend on the columns of the board. */
      args: Own<A> | ((config: BoardConfig) => Own<A>),
    ) => {
      const call = async ({ plan, version, config }: KnownBoard, windows: string) => {
        const keys = { board: boardKey(namespace, board) }
        let own: Own<A>
        try {
          own = typeof args === 'function' ? args(config) : args
        } catch (error) {
          // What does not fit the configuration known here may fit the present one.
          const present = await describe(keys, { plan, windows })
          if (isAgain(present) || isMissing(present)) return present
          throw error
        }
        const reply = await run(keys, { ...own, plan, windows } as A)
        if (isAgain(reply) || isMissing(reply)) return reply as Again | Missing
        return { ...(reply as Exclude<R, Missing>), config, version }
      }
      return boards.run(namespace, board, season, call)
    }
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
    ): Promise<SubmitOutcome> =>
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
          const isNew = version === ABSENT
          const newVersion = isNew ? nextVersion() : ''
          if (isNew) await registry.announce(namespace, board)
          const memo = idempotency && memoKey(namespace, board, idempotency.digest)
          const reply = await submitEntries(
            { board: keys.board, memo },
            {
              plan,
              windows,
              bounds,
              keep: config.season.keep,
              create: isNew ? JSON.stringify(config) : '',
              new_version: newVersion,
              fingerprint: idempotency?.fingerprint ?? '',
              memo_ttl_ms: idempotency?.ttlMs ?? 0,
              entries: ready,
            },
          )
          if (reply.outcome !== 'submitted') return reply
          const { season, total, replayed, entries: results } = reply
          if (isNew && !replayed) {
            await registry.add(namespace, board)
            boards.learn(namespace, board, config, newVersion)
          }
          return {
            outcome: 'submitted' as const,
            season,
            total,
            replayed,
            entries: results,
            config,
          }
        },
      ) as Promise<SubmitOutcome>,

    ...createConfiguration({ binder, boards, registry }),
    list: registry.list,
  }
}

export type SubmitOutcome =
  | (Extract<SubmitReply, { outcome: 'submitted' }> & { readonly config: BoardConfig })
  | { readonly outcome: 'closed' | 'conflict' }
  | { readonly outcome: 'refused'; readonly problem: EntryProblem }

/** The arguments of a script besides those that every script of a board has. */
type Own<A> = Omit<A, 'plan' | 'windows'>
