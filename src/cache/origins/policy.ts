import type { OriginSettings } from './schemas.js'

/** How a space loads, without its secrets. */
export interface OriginPolicy {
  readonly url: string
  /** Requests of other namespaces load nothing. */
  readonly namespaces: readonly string[]
  /** From the connection to the last byte of an answer. */
  readonly timeoutMs: number
  /** Requests to the origin at a time, of this process. */
  readonly maxConcurrent: number
  /** Keys that are read most are loaded before they end. */
  readonly refreshAhead: boolean
  /** What says how long a value is fresh; an answer never for longer than the space. */
  readonly ttlFrom: 'space' | 'response'
}

export const DEFAULT_ORIGIN = Object.freeze({
  namespaces: Object.freeze(['default']) as readonly string[],
  timeoutMs: 2_000,
  maxConcurrent: 32,
  refreshAhead: false,
  ttlFrom: 'space',
})

export const toOriginPolicy = ({
  headers: _,
  headersFile: __,
  ...settings
}: OriginSettings): OriginPolicy => ({ ...DEFAULT_ORIGIN, ...settings })

/** A load has a lease for this much longer than the origin has time: its fill has to be sent. */
const FILL_MS = 1_000

/** The lease of a load. */
export const leaseMsOf = ({ timeoutMs }: OriginPolicy): number => timeoutMs + FILL_MS

const MAX_WAIT_MS = 30_000

/** How long a request waits for a load, unless it says so: long enough to replace a lost loader. */
export const usualWaitMs = ({ timeoutMs }: OriginPolicy): number =>
  Math.min(MAX_WAIT_MS, 2 * timeoutMs + FILL_MS)
