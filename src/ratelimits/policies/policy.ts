import type { Period } from '../../calendar/periods.js'
import type { AlgorithmName } from '../algorithms/algorithms.js'

/** How much of something a subject may have, and how it is counted. Costs are in units of cost. */
export interface Policy {
  /** `token-bucket` is another name of `gcra`. */
  readonly algorithm: AlgorithmName
  /** Cost per window; concurrency: weight that may be in flight at once. */
  readonly limit: number
  readonly windowMs?: number
  /** gcra: cost that may come at once; default: limit. */
  readonly burst?: number
  /** fixed-window: where windows begin; default: epoch. */
  readonly align?: 'epoch' | 'first-hit' | 'calendar'
  /** fixed-window of a calendar: takes the place of windowMs. */
  readonly period?: Period
  /** fixed-window of a calendar: an IANA name; default: UTC. */
  readonly timeZone?: string
  /** Where a week (1 Monday to 7 Sunday), a month or a year (1 to 31) begins; default: 1. */
  readonly anchorDay?: number
  /** Where a year begins, 1 to 12; default: 1. */
  readonly anchorMonth?: number
  /** sliding-window: buckets that the window is counted in; default: 1. */
  readonly buckets?: number
  /** sliding-window: whether the oldest bucket counts in part or in full; default: weighted. */
  readonly mode?: 'weighted' | 'strict'
  /** leaky-bucket: how long a call may be told to wait. */
  readonly maxDelayMs?: number
  /** concurrency: how long a lease lives unless it is renewed. */
  readonly leaseMs?: number
  /** What it would say is told, and has no part in the verdict; default: false. */
  readonly shadow?: boolean
  /** Subjects that are never limited, and those that are always denied: text, addresses, networks. */
  readonly allow?: string[]
  readonly deny?: string[]
  /** Subjects of one group stand in one slot of a Cluster; another group starts afresh. */
  readonly group?: string
  /** What a check says when Redis does not answer; default: open. */
  readonly onError?: 'open' | 'closed' | 'local'
  /** What proxies are told to count a visitor as, where they do not say it themselves. */
  readonly authz?: AuthzTemplate
}

/** How the visitor of a proxy becomes a subject: authz/template.ts. */
export interface AuthzTemplate {
  /** `address`, `header:NAME`, `path`, `path:NAME`. */
  readonly key: string[]
  /** Proxies in front of the service that append to X-Forwarded-For; default: 1. */
  readonly trustedHops?: number
  /** Bits of an IPv6 address that tell visitors apart; default: 64. */
  readonly ipv6Prefix?: number
}
