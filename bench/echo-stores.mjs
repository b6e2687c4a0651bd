// Fixed answers in the shape of each store's own; see echo.mjs.
import * as cache from '../dist/cache/domain.js'
import { DEFAULT_POLICY } from '../dist/cache/spaces/policy.js'
import { DEFAULT_BOARD } from '../dist/leaderboards/config.js'
import * as leaderboards from '../dist/leaderboards/domain.js'
import * as locks from '../dist/locks/domain.js'
import { createLockMetrics } from '../dist/locks/metrics.js'
import * as ratelimits from '../dist/ratelimits/domain.js'

const FENCE = 1_795_000_000_000_000
export const VALUE = Buffer.from(
  JSON.stringify({ name: 'Ada', tags: Array(16).fill('0123456789abcdef') }),
)

const stores = {
  locks: {
    acquire: async () => ({
      kind: 'granted',
      token: 'u3Jq0c9mT1uVwX2yZ4aBcD',
      fences: [FENCE],
      mode: 'exclusive',
      expiresInMs: 29_999,
      waitedMs: 0,
      holdCount: 1,
      replayed: false,
    }),
    drain() {},
    close() {},
  },
  ratelimits: {
    checks: {
      check: async (_namespace, limits) => ({
        kind: 'decided',
        allowed: true,
        replayed: false,
        results: limits.map(() => ({
          allowed: true,
          remaining: 99,
          resetUs: 600_000,
          retryUs: 0,
          granted: 1,
          override: 0,
          blocked: false,
          delayUs: 0,
          takenAtUs: FENCE,
        })),
      }),
    },
    policies: {
      get: async () => ({ value: { algorithm: 'fixed-window', limit: 1, windowMs: 86_400_000 } }),
    },
  },
  cache: {
    spaces: { policyOf: () => DEFAULT_POLICY, labelOf: () => 'other' },
    leases: { drain() {} },
    counters: {},
    objects: {},
    entries: {
      read: async () => ({
        asOf: FENCE,
        lease: { kind: 'none' },
        entry: {
          state: 'fresh',
          kind: 'bytes',
          version: FENCE,
          ageMs: 1_000,
          ttlMs: 299_000,
          servedMs: 299_000,
          loadMs: 0,
          size: VALUE.length,
          contentType: 'application/json',
          contentEncoding: '',
          tags: [],
          payload: VALUE,
        },
      }),
    },
    invalidation: {},
  },
  leaderboards: {
    submit: async (_namespace, _board, entries) => ({
      outcome: 'submitted',
      season: 'all',
      total: 1_000,
      replayed: false,
      config: DEFAULT_BOARD,
      entries: entries.map(() => ({
        outcome: 'changed',
        better: true,
        previousRank: 0,
        rank: 1,
        position: 1,
        lower: 0,
        upper: 1,
        scores: '1',
      })),
    }),
  },
}

/** The domains of the service, each over the stores above. */
export const echoDomains = [
  {
    ...locks.locks,
    create: ({ metrics, settings: { idempotencyTtlMs } }) =>
      locks.toRunning({
        store: stores.locks,
        metrics: createLockMetrics(metrics),
        idempotencyTtlMs,
      }),
  },
  { ...cache.cache, create: (deps) => cache.toRunning(stores.cache, deps) },
  { ...ratelimits.ratelimits, create: (deps) => ratelimits.toRunning(stores.ratelimits, deps) },
  {
    ...leaderboards.leaderboards,
    create: (deps) => leaderboards.toRunning(stores.leaderboards, deps),
  },
]
