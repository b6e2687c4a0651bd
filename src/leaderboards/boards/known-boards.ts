import { RedisClock } from '../../redis/clock.js'
import { type BoardConfig, boundsText, planOf, type Season } from '../config.js'
import {
  isMissing,
  isStale,
  isUntidy,
  type Missing,
  type Stale,
  type Untidy,
} from '../script-replies.js'
import { type SeasonWindow, windowsAround, windowsText } from '../seasons/windows.js'

/** A board as this process knows it; every script checks that it is current. */
export interface KnownBoard {
  readonly config: BoardConfig
  readonly version: string
  /** The first version: another one is another board of the same name. */
  readonly created: string
  readonly plan: string
  readonly bounds: string
  /** Boards with the same one share their windows. */
  readonly seasonKind: string
}

/** The version of a board that does not exist. */
export const ABSENT = '0'

/** A season of one board, but not of a later board of the same name. */
export interface PinnedSeason {
  readonly season: string
  readonly created: string
}

/** A season by its id or by PREVIOUS; undefined: the present one. */
export type SeasonChoice = string | PinnedSeason | undefined

/** Names the season before the present one. */
export const PREVIOUS = 'previous'

const MAX_KNOWN = 10_000
/** Each attempt but the first follows a change by another caller; only a fault needs as many. */
const MAX_ATTEMPTS = 1_000

type Present = Pick<KnownBoard, 'config' | 'version' | 'created'>

interface BoardsOptions {
  /** The configuration of a board that its first submission creates. */
  readonly templateOf: (board: string) => BoardConfig
  /** Removes a few of the members that must leave the season. */
  readonly tidy: (
    namespace: string,
    board: string,
    args: { readonly plan: string; readonly windows: string },
  ) => Promise<{ readonly kind: 'tidied'; readonly more: boolean } | Stale | Untidy | Missing>
}

interface KnownWindows {
  readonly list: readonly SeasonWindow[]
  readonly text: string
}

export type Boards = ReturnType<typeof createBoards>

export function createBoards({ templateOf, tidy }: BoardsOptions) {
  const known = new Map<string, KnownBoard>()
  const windows = new Map<string, KnownWindows>()
  const clock = new RedisClock()

  const learn = (id: string, { config, version, created }: Present): KnownBoard => {
    if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value as string)
    const entry: KnownBoard = {
      config,
      version,
      created,
      plan: planOf(config, version),
      bounds: boundsText(config),
      seasonKind: kindOf(config.season),
    }
    known.set(id, entry)
    return entry
  }

  const learnAbsent = (id: string, board: string) =>
    learn(id, { config: templateOf(board), version: ABSENT, created: ABSENT })

  const around = (season: Season, seasonKind: string) => {
    const nowMs = clock.nowMs()
    const cached = windows.get(seasonKind)
    if (cached && holds(cached.list, nowMs)) return cached
    if (windows.size >= MAX_KNOWN) windows.clear()
    const list = windowsAround(season, nowMs)
    const entry = { list, text: windowsText(list) }
    windows.set(seasonKind, entry)
    return entry
  }

  /** The argument by which a script finds its season; see scripts/lib/board.lua. */
  function windowsOf({ config, seasonKind }: KnownBoard, choice: SeasonChoice): string {
    const season = typeof choice === 'object' ? choice.season : choice
    if (season === undefined) return around(config.season, seasonKind).text
    if (season !== PREVIOUS) return `= ${season}`
    // No season has this id.
    if (config.season.every === 'none') return `= ${PREVIOUS}`
    return `< ${around(config.season, seasonKind).text}`
  }

  return {
    /**
     * Runs a script with the plan and the windows of a board. If either is stale, runs it again with
     * what the script returned.
     */
    async run<R extends { readonly kind: string }>(
      namespace: string,
      board: string,
      season: SeasonChoice,
      call: (known: KnownBoard, windows: string) => Promise<R | Stale | Untidy | Missing>,
    ): Promise<R | Missing> {
      const id = `${namespace}/${board}`
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; ) {
        const entry = known.get(id) ?? learnAbsent(id, board)
        const text = windowsOf(entry, season)
        const reply = await call(entry, text)
        if (isUntidy(reply)) {
          // Each step is a separate call, so that other callers wait for one step only.
          while (true) {
            const step = await tidy(namespace, board, { plan: entry.plan, windows: text })
            if (step.kind !== 'tidied' || !step.more) break
          }
          continue
        }
        attempt += 1
        if (isMissing(reply) && reply.what === 'board' && entry.version !== ABSENT) {
          learnAbsent(id, board)
          continue
        }
        if (!isStale(reply)) return reply
        if (reply.kind === 'stale-season') clock.learn(reply.nowMs)
        else if (reply.version === ABSENT) learnAbsent(id, board)
        else learn(id, { ...reply, config: JSON.parse(reply.config) as BoardConfig })
      }
      throw new Error(`board ${board} changed ${MAX_ATTEMPTS} times during one call`)
    },

    /** After this process has changed a board. */
    learn: (namespace: string, board: string, present: Present) =>
      void learn(`${namespace}/${board}`, present),

    forget: (namespace: string, board: string) => void known.delete(`${namespace}/${board}`),

    /** After a change of the templates, which apply to boards that do not exist yet. */
    forgetAbsent() {
      for (const [id, { version }] of known) if (version === ABSENT) known.delete(id)
    },

    /** The present season, by the time of Redis as far as it is known. */
    currentSeason(season: Season): SeasonWindow {
      const { list } = around(season, kindOf(season))
      const nowMs = clock.nowMs()
      return list.find(({ startMs, endMs }) => nowMs >= startMs && nowMs < endMs) ?? list[0]!
    },
  }
}

const kindOf = ({ every, timeZone }: Season): string => `${JSON.stringify(every)} ${timeZone}`

/** Whether the present is in the middle window, or in the only one. */
function holds(list: readonly SeasonWindow[], nowMs: number): boolean {
  const middle = list.length === 3 ? list[1] : list.at(-1)
  return middle !== undefined && nowMs >= middle.startMs && nowMs < middle.endMs
}
