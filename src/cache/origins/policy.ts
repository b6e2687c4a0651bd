import type { OriginSettings } from './schemas.js'

/** How a space loads and writes, without its secrets. */
export interface OriginPolicy {
  readonly url: string
  /** Requests of other namespaces neither load nor write. */
  readonly namespaces: readonly string[]
  /** From the connection to the last byte of an answer. */
  readonly timeoutMs: number
  /** Requests to the origin at a time, of this process. */
  readonly maxConcurrent: number
  /** Keys that are read most are loaded before they end. */
  readonly refreshAhead: boolean
  /** What says how long a value is fresh; an answer never for longer than the space. */
  readonly ttlFrom: 'space' | 'response'
  /** Whether a read loads what is missing. */
  readonly read: 'through' | 'none'
  /**
   * through: a write reaches the origin before the cache. behind: the other way round. none: it changes
   * the cache alone.
   */
  readonly write: 'none' | 'through' | 'behind'
  /** The longest time in which the origin may still apply a write that was given up. */
  readonly applyWithinMs: number
  /** drop: the origin keeps another form of what it is given, so it is not stored. */
  readonly after: 'store' | 'drop'
  /** Whether a caller sees what the origin says of a write that it refuses. */
  readonly exposeErrors: boolean
  readonly warm?: WarmPolicy
  readonly behind: BehindPolicy
}

/** The keys that are loaded before callers ask for them: listed, or read from a URL. */
export interface WarmPolicy {
  readonly keys?: readonly string[]
  readonly keysUrl?: string
  /** When an instance starts. */
  readonly onStart: boolean
  /** From the begin of one warming to that of the next, for all instances. */
  readonly everyMs?: number
  readonly concurrency: number
  readonly ratePerSecond: number
}

const DEFAULT_WARM = Object.freeze({ onStart: false, concurrency: 8, ratePerSecond: 100 })

/** How writes reach their origin after the cache. */
export interface BehindPolicy {
  /** A write is due after this; what is written meanwhile is sent once. */
  readonly intervalMs: number
  /** Keys that are pending or failed, of a namespace. */
  readonly maxPending: number
  /** Of their entries, in Redis. */
  readonly maxPendingBytes: number
  /** Answers of the origin to one write, before it waits for an operator. */
  readonly maxAttempts: number
  /** From one attempt to the next, doubled each time. */
  readonly backoff: { readonly baseMs: number; readonly maxMs: number }
  /** Take writes also where Redis may drop them: it evicts, or writes no AOF. */
  readonly anyRedis: boolean
}

export const DEFAULT_BEHIND: BehindPolicy = Object.freeze({
  intervalMs: 1_000,
  maxPending: 10_000,
  maxPendingBytes: 64 * 1024 * 1024,
  maxAttempts: 10,
  backoff: Object.freeze({ baseMs: 1_000, maxMs: 60_000 }),
  anyRedis: false,
})

export const DEFAULT_ORIGIN = Object.freeze({
  namespaces: Object.freeze(['default']) as readonly string[],
  timeoutMs: 2_000,
  maxConcurrent: 32,
  refreshAhead: false,
  ttlFrom: 'space',
  read: 'through',
  write: 'none',
  applyWithinMs: 10_000,
  after: 'store',
  exposeErrors: false,
})

export const toOriginPolicy = ({
  headers: _,
  headersFile: __,
  warm,
  behind: { backoff, ...behind } = {},
  ...settings
}: OriginSettings): OriginPolicy => ({
  ...DEFAULT_ORIGIN,
  ...settings,
  ...(warm && { warm: { ...DEFAULT_WARM, ...warm } }),
  behind: { ...DEFAULT_BEHIND, ...behind, backoff: { ...DEFAULT_BEHIND.backoff, ...backoff } },
})

interface Owned {
  readonly origin?: OriginPolicy
}

/** Whether a read of a space loads what is missing. */
export const readsThrough = ({ origin }: Owned): boolean => origin?.read === 'through'

/** Whether the writes of a space go to its origin, before or after the cache. */
export const ownsWrites = ({ origin }: Owned): boolean =>
  origin !== undefined && origin.write !== 'none'

/** A load has a lease for this much longer than the origin has time: its fill has to be sent. */
const FILL_MS = 1_000

/** The lease of a load. */
export const leaseMsOf = ({ timeoutMs }: OriginPolicy): number => timeoutMs + FILL_MS

const MAX_WAIT_MS = 30_000

/** How long a request waits for a load, unless it says so: long enough to replace a lost loader. */
export const usualWaitMs = ({ timeoutMs }: OriginPolicy): number =>
  Math.min(MAX_WAIT_MS, 2 * timeoutMs + FILL_MS)
