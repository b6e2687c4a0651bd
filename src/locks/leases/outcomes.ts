import type { LeaseMode, Snapshot } from '../lock-state.js'
import type { Head } from '../reply-head.js'
import type { AcquireReply, GrantReply, LostReply } from './scripts.js'

export interface Granted {
  readonly kind: 'granted'
  readonly token: string
  readonly fences: readonly number[]
  readonly mode: LeaseMode
  readonly expiresInMs: number
  readonly waitedMs: number
  readonly holdCount: number
  readonly replayed: boolean
}

/** Replies that are answers, without what is for the store alone. */
type AnswerOf<R> = R extends Head ? Omit<R, keyof Head> : never

export type AcquireOutcome =
  | Granted
  | AnswerOf<Exclude<AcquireReply, GrantReply | { kind: 'queued' | 'again' }>>
  | { readonly kind: 'timeout'; readonly name: string; readonly lock: Snapshot }
  | { readonly kind: 'mode-mismatch'; readonly name?: undefined }
  | { readonly kind: 'cross-slot' | 'draining' }

/** Why a token does not hold what it should. */
export type LostOutcome = AnswerOf<LostReply> | { readonly kind: 'cross-slot' }

/** The holder is asked to give its lease back. */
export interface RevokeNotice {
  readonly reason: string
  /** Until the lease is ended; undefined: it is only asked for. */
  readonly expiresInMs: number | undefined
}

export type RenewOutcome =
  | LostOutcome
  | {
      readonly kind: 'renewed'
      readonly fences: readonly number[]
      readonly expiresInMs: number
      readonly revoke: RevokeNotice | undefined
    }

export type MetadataOutcome =
  | LostOutcome
  | { readonly kind: 'changed'; readonly fences: readonly number[] }

export type DowngradeOutcome =
  | LostOutcome
  | { readonly kind: 'shared'; readonly fence: number }
  | { readonly kind: 'mode-mismatch' }

export type ReleaseOutcome =
  | LostOutcome
  | { readonly kind: 'released'; readonly fences: readonly number[]; readonly heldMs: number }
