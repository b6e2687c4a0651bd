import type { Address } from '../service.js'

/** What to run, and under which lock. */
export interface Task {
  readonly address: Address
  readonly name: string
  readonly command: readonly [string, ...string[]]
  /** Names the holder to people. */
  readonly owner: string
  readonly waitMs: number
  readonly ttlMs: number
  readonly lockDelayMs: number
  readonly graceMs: number
  /** 0 without --once-per. */
  readonly periodMs: number
  /** The terminal sends its signals to the command as well. */
  readonly isOnTerminal: boolean
}

export type ToHolder =
  | { readonly kind: 'run'; readonly task: Task }
  /** How long is the lock certain now? */
  | { readonly kind: 'ask' }
  /** The command has begun. The target of signals: a pid, negative for a group. */
  | { readonly kind: 'running'; readonly target: number }
  /** The command has ended, or does not begin. */
  | { readonly kind: 'over' }

export type FromHolder =
  | Refused
  /** The command may begin until then, by the clock of `monotonicMs`. */
  | { readonly kind: 'certain'; readonly until: number; readonly fence: number }

export interface Refused {
  readonly kind: 'refused'
  readonly code: number
  readonly why: string
}

export interface Ended {
  readonly kind: 'ended'
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A clock that all processes of the machine share. */
export const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6
