import type { Binder } from '../redis/binder.js'
import { createConfiguration } from './boards/configuration.js'
import { createBoards, type KnownBoard, type SeasonChoice } from './boards/known-boards.js'
import { createRegistry } from './boards/registry.js'
import {
  closeScript,
  describeScript,
  MOST_TIDIED,
  seasonsScript,
  tidyScript,
} from './boards/scripts.js'
import { type BoardConfig, DEFAULT_BOARD } from './config.js'
import { type Range, type ReadPage, readRange, readRest } from './entries/ranges.js'
import {
  ABSENT,
  aroundScript,
  eraseScript,
  hideScript,
  listedPerCall,
  type MemberReply,
  membersPerCall,
  membersScript,
  pageScript,
  removeScript,
  SEASONS_PER_CALL,
  whereScript,
} from './entries/scripts.js'
import { boardKey } from './keys.js'
import {
  isMissing,
  isStale,
  isUntidy,
  type Missing,
  type Stale,
  type Untidy,
} from './script-replies.js'
import { createSubmissions } from './submissions/store.js'

export type LeaderboardStore = ReturnType<typeof createLeaderboardStore>

/**
 * A call is one round trip to Redis; one more if this process knew an older configuration or another
 * season, and more if the call is too large for one script. A change of a board takes up to three,
 * because the registry is in another slot. Reads answer `missing` for a board that does not exist; the
 * first submission creates it.
 */
export function createLeaderboardStore({ binder }: { readonly binder: Binder }) {
  let templateOf = (_board: string): BoardConfig => DEFAULT_BOARD
  const tidy = binder.bind(tidyScript)
  const boards = createBoards({
    templateOf: (board) => templateOf(board),
    tidy: (namespace, board, args) =>
      tidy({ board: boardKey(namespace, board) }, { ...args, most: MOST_TIDIED }),
  })
  const registry = createRegistry(binder)
  const describe = binder.bind(describeScript)

  /** Makes a method of a script that needs a board. */
  function onBoard<A, R extends { readonly kind: string }>(
    run: (keys: { board: string }, args: A) => Promise<R | Stale | Untidy | Missing>,
  ) {
    return async (
      namespace: string,
      board: string,
      season: SeasonChoice,
      /** A function if the arguments depend on the board. */
      args: OwnOf<A>,
    ) => {
      const call = async (known: KnownBoard, windows: string) => {
        const { plan, version, config, created } = known
        const keys = { board: boardKey(namespace, board) }
        const own = ownArguments(known, season, args)
        if ('refuse' in own) {
          // Arguments that do not fit the known board may fit the present one.
          const present = await describe(keys, { plan, windows })
          return present.kind === 'described' ? own.refuse() : present
        }
        // Assigned: `{ ...own.args, plan, windows }` takes 40 times as long, and so does the reply.
        const reply = await run(keys, Object.assign(own.args, { plan, windows }) as A)
        if (isStale(reply) || isUntidy(reply) || isMissing(reply)) {
          return reply as Stale | Untidy | Missing
        }
        const found = reply as Exclude<R, Stale | Untidy | Missing>
        return Object.assign(found, { config, version, created })
      }
      return boards.run(namespace, board, season, call)
    }
  }

  const page = onBoard(binder.bind(pageScript))
  const around = onBoard(binder.bind(aroundScript))
  const members = onBoard(binder.bind(membersScript))
  const hide = onBoard(binder.bind(hideScript))
  const erase = onBoard(binder.bind(eraseScript))
  const pageOf =
    (namespace: string, board: string): ReadPage =>
    (season, args) =>
      page(namespace, board, season, args)

  return {
    /** @param template the configuration of a board that its first submission creates */
    replaceTemplates(template: (board: string) => BoardConfig): void {
      templateOf = template
      boards.forgetAbsent()
    },
    remove: onBoard(binder.bind(removeScript)),
    where: onBoard(binder.bind(whereScript)),
    close: onBoard(binder.bind(closeScript)),
    seasons: onBoard(binder.bind(seasonsScript)),

    range: (
      namespace: string,
      board: string,
      season: SeasonChoice,
      rangeOf: (config: BoardConfig) => Range,
    ) => readRange(pageOf(namespace, board), season, rangeOf),

    async around(
      namespace: string,
      board: string,
      season: string | undefined,
      { member, count }: { readonly member: string; readonly count: number },
    ) {
      const first = await around(namespace, board, season, ({ columns }) => ({
        member,
        count,
        limit: Math.min(count, listedPerCall(columns.length)),
      }))
      if (first.kind === 'missing') return first
      const range = {
        from: 1,
        limit: count,
        startWith: 'best',
        bestScore: '',
        worstScore: '',
      } as const
      return readRest(pageOf(namespace, board), first, range)
    },

    /** Each member with its place, in the order of `names`; in as many calls as they need. */
    async members(
      namespace: string,
      board: string,
      season: string | undefined,
      names: readonly string[],
    ) {
      const readFrom = (at: number, of: SeasonChoice) =>
        members(namespace, board, of, ({ columns }) => ({
          members: names.slice(at, at + membersPerCall(columns.length)),
        }))
      const first = await readFrom(0, season)
      if (first.kind === 'missing' || first.members.length === names.length) return first
      const found: MemberReply[] = [...first.members]
      while (found.length < names.length) {
        const next = await readFrom(found.length, first)
        if (next.kind === 'missing') {
          // The season was deleted in between, so the other members have no entry.
          return { ...first, members: names.map((_name, at) => found[at] ?? ABSENT) }
        }
        found.push(...next.members)
      }
      return { ...first, members: found }
    },

    async hide(namespace: string, board: string, member: string, isHidden: boolean) {
      const steps = await inSteps((skip) =>
        hide(namespace, board, undefined, (config) => ({
          member,
          hide: isHidden ? 1 : 0,
          ...seasonsAfter(skip, config),
        })),
      )
      if (!Array.isArray(steps)) return steps
      return { kind: 'done' as const, changed: steps.some(({ changed }) => changed) }
    },

    async erase(namespace: string, board: string, member: string) {
      const steps = await inSteps((skip) =>
        erase(namespace, board, undefined, (config) => ({ member, ...seasonsAfter(skip, config) })),
      )
      if (!Array.isArray(steps)) return steps
      const seasons = steps.reduce((sum, step) => sum + step.seasons, 0)
      return { kind: 'done' as const, seasons }
    },

    ...createSubmissions(binder, boards, registry),
    ...createConfiguration(binder, boards, registry),
    list: registry.list,
  }
}

/** The seasons of the next call. */
const seasonsAfter = (skip: number, { season }: BoardConfig) => ({
  skip,
  most: season.every === 'none' ? 1 : Math.min(season.keep + 1, SEASONS_PER_CALL),
})

/** From the newest season on. A season that begins in between shifts the others, so some are done twice. */
async function inSteps<R extends { readonly kind: 'done'; readonly more: boolean }>(
  step: (skip: number) => Promise<(R & { readonly config: BoardConfig }) | Missing>,
): Promise<R[] | Missing> {
  const done: R[] = []
  let skip = 0
  while (true) {
    const reply = await step(skip)
    if (reply.kind === 'missing') return reply
    done.push(reply)
    if (!reply.more) return done
    skip += seasonsAfter(skip, reply.config).most
  }
}

/** The arguments of a script besides those that every board script has. */
type Own<A> = Omit<A, 'plan' | 'windows'>
type OwnOf<A> = Own<A> | ((config: BoardConfig) => Own<A>)

/** The arguments of a call, or how to refuse it if it does not fit the known board. */
function ownArguments<A>(
  { config, created }: KnownBoard,
  season: SeasonChoice,
  args: OwnOf<A>,
): { readonly args: Own<A> } | { readonly refuse: () => Missing } {
  if (typeof season === 'object' && season.created !== created) {
    return { refuse: () => ({ kind: 'missing', what: 'season' }) }
  }
  try {
    return { args: typeof args === 'function' ? args(config) : args }
  } catch (error) {
    return {
      refuse: () => {
        throw error
      },
    }
  }
}
