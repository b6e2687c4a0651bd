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
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }

export type FromHolder =
  | { readonly kind: 'refused'; readonly code: number; readonly why: string }
  /** The target of signals: a pid, negative for a group. */
  | { readonly kind: 'running'; readonly target: number }
  | Ended

/** The lock is free. */
export interface Ended {
  readonly kind: 'ended'
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}
