import { CACHE_PROBLEMS } from './problems/cache.js'
import { LEADERBOARD_PROBLEMS } from './problems/leaderboard.js'
import { LOCK_PROBLEMS } from './problems/lock.js'
import { RATE_LIMIT_PROBLEMS } from './problems/rate-limit.js'
import { REQUEST_PROBLEMS } from './problems/request.js'
import { STORE_PROBLEMS } from './problems/store.js'

export type { ProblemSpec } from './problems/spec.js'

/**
 * Every error a client can see. The key is the last part of the `type` URI and the page
 * /errors/<code> that the service answers itself. Append only: a released code is never renamed.
 */
export const PROBLEMS = {
  ...REQUEST_PROBLEMS,
  ...STORE_PROBLEMS,
  ...LOCK_PROBLEMS,
  ...CACHE_PROBLEMS,
  ...RATE_LIMIT_PROBLEMS,
  ...LEADERBOARD_PROBLEMS,
}

export type ProblemCode = keyof typeof PROBLEMS
