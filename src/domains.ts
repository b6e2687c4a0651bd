/** The list of domains: a new one is a folder and a line here. */

import { cache } from './cache/domain.js'
import type { Domain } from './domain.js'
import { leaderboards } from './leaderboards/domain.js'
import { locks } from './locks/domain.js'
import { queues } from './queues/domain.js'
import { ratelimits } from './ratelimits/domain.js'
import { streams } from './streams/domain.js'

export const DOMAINS: readonly Domain[] = [locks, cache, ratelimits, leaderboards, queues, streams]
