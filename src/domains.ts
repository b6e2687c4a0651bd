import { cache } from './cache/domain.js'
import type { Domain } from './domain.js'
import { leaderboards } from './leaderboards/domain.js'
import { locks } from './locks/domain.js'
import { ratelimits } from './ratelimits/domain.js'

/** A new domain is a folder and a line here. */
export const DOMAINS: readonly Domain[] = [locks, cache, ratelimits, leaderboards]
