import { RedisClock } from '../../redis/clock.js'
import { type BoardConfig, boundsText, planOf, type Season } from '../config.js'
import {
  type Again,
  isAgain,
  isMissing,
  isUntidy,
  type Missing,
  type Untidy,
} from '../script-replies.js'
import { type SeasonWindow, windowsAround, windowsText } from '../seasons/windows.js'

/** A board as this process knows it; every script checks that it still holds. */
export interface KnownBoard {
  readonly config: BoardConfig
  readonly version: string
  /** The version that it began with: another one is another board of this name. */
  readonly created: string
  readonly plan: string
  readonly bounds: string
  /** What its windows depend on: boards of one kind of season share them. */
  readonly rhythm: string
}

/** The version of a board that does not exist. */
export const ABSENT = '0'

/** A season of one board, which a board made later under the same name does not have. */
export interface PinnedSeason {
  readonly season: string
  readonly created: string
}

/** One season by its id, or the one before, instead of the present one. */
export type SeasonChoice = string | PinnedSeason | undefined

export interface Boards {
  /**
   * Runs a script with the plan and the seasons of a board, and once more with what the script
   * says is true, when this process knew an older configuration or another time.
   */
  run<R extends { readonly kind: string }>(
    namespace: string,
    board: string,
    season: SeasonChoice,
    call: (known: KnownBoard, windows: string) => Promise<R | Again | Untidy | Missing>,
  ): Promise<R | Missing>
  /** What this process has just made of a board; scripts tell when it holds no more. */
  learn(namespace: string, board: string, present: Present): void
  forget(namespace: string, board: string): void
  /** Boards that do not exist yet get what a new template says. */
  forgetAbsent(): void
  /** The season of this moment, and the moment, by the clock of Redis as far as it is known. */
  currentSeason(season: Season): SeasonWindow & { readonly nowMs: number }
}

/** The season before the present one, by this name. */
export const PREVIOUS = 'previous'

const MAX_KNOWN = 10_000
const MAX_ATTEMPTS = 4

export type Present = Pick<KnownBoard, 'config' | 'version' | 'created'>

interface BoardsOptions {
  /** The configuration that a board gets from its first submission. */
  readonly templateOf: (board: string) => BoardConfig
  /** One step of what must be done before anything is counted. */
  readonly tidy: (
    namespace: string,
    board: string,
    args: { readonly plan: string; readonly windows: string },
  ) => Promise<{ readonly kind: 'tidied'; readonly more: boolean } | Again | Untidy | Missing>
}

export function createBoards({ templateOf, tidy }: BoardsOptions): Boards {
  const known = new Map<string, KnownBoard>()
  const windows = new Map<
    string,
    { readonly list: readonly SeasonWindow[]; readonly text: string }
  >()
  const clock = new RedisClock()

  const learn = (id: string, { config, version, created }: Present): KnownBoard => {
    if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value as string)
    const entry: KnownBoard = {
      config,
      version,
      created,
      plan: planOf(config, version),
      bounds: boundsText(config),
      rhythm: rhythmOf(config.season),
    }
    known.set(id, entry)
    return entry
  }

  const learnAbsent = (id: string, board: string) =>
    learn(id, { config: templateOf(board), version: ABSENT, created: ABSENT })

  const around = (season: Season, rhythm: string) => {
    const nowMs = clock.nowMs()
    const cached = windows.get(rhythm)
    if (cached && holds(cached.list, nowMs)) return cached
    if (windows.size >= MAX_KNOWN) windows.clear()
    const list = windowsAround(season, nowMs)
    const entry = { list, text: windowsText(list) }
    windows.set(rhythm, entry)
    return entry
  }

  /** What a script is told about the season that a call works on; see scripts/lib/board.lua. */
  function windowsOf({ config, rhythm }: KnownBoard, choice: SeasonChoice): string {
    const season = typeof choice === 'object' ? choice.season : choice
    if (season === undefined) return around(config.season, rhythm).text
    if (season !== PREVIOUS) return `= ${season}`
    // No board has a season of this name.
    if (config.season.every === 'none') return `= ${PREVIOUS}`
    return `< ${around(config.season, rhythm).text}`
  }

  return {
    async run(namespace, board, season, call) {
      const id = `${namespace}/${board}`
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; ) {
        const entry = known.get(id) ?? learnAbsent(id, board)
        const text = windowsOf(entry, season)
        const reply = await call(entry, text)
        if (isUntidy(reply)) {
          // Each step is a call of its own, so that nobody waits for all of them.
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
        if (!isAgain(reply)) return reply
        if (reply.kind === 'other-season') clock.learn(reply.nowMs)
        else if (reply.version === ABSENT) learnAbsent(id, board)
        else learn(id, { ...reply, config: JSON.parse(reply.config) as BoardConfig })
      }
      throw new Error(`board ${board} changed ${MAX_ATTEMPTS} times during one call`)
    },

    learn: (namespace, board, present) => void learn(`${namespace}/${board}`, present),

    forget: (namespace, board) => void known.delete(`${namespace}/${board}`),

    forgetAbsent() {
      for (const [id, { version }] of known) if (version === ABSENT) known.delete(id)
    },

    currentSeason(season) {
      const { list } = around(season, rhythmOf(season))
      const nowMs = clock.nowMs()
      const current = list.find(({ startMs, endMs }) => nowMs >= startMs && nowMs < endMs)
      return { ...(current ?? list[0]!), nowMs }
    },
  }
}

const rhythmOf = ({ every, timeZone }: Season): string => `${JSON.stringify(every)} ${timeZone}`

/** The windows serve while the present moment lies in the middle one, or in the only one. */
function holds(list: readonly SeasonWindow[], nowMs: number): boolean {
  const middle = list.length === 3 ? list[1] : list.at(-1)
  return middle !== undefined && nowMs >= middle.startMs && nowMs < middle.endMs
}
