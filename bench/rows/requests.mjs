// Compares the service with the thinnest Fastify shell for the same job (shell.mjs): CPU per
// request, of the server and of Redis, and requests per second.

const post = (path, body, more) => ({ method: 'POST', path, body, ...more })
const put = (path, body, more) => ({ method: 'PUT', path, body, ...more })
const get = (path) => ({ method: 'GET', path })

const SMALL = Buffer.alloc(100, 'x')
const LARGE = Buffer.alloc(10_240, 'x')
const KEYS = Array.from({ length: 100 }, (_, i) => `k${i}`)
const MANY = KEYS.map((key) => ({ key, value: 'x'.repeat(100) }))
const MEMBERS = Array.from({ length: 1_000 }, (_, i) => ({ member: `m${i}`, score: i }))

const pagesOf = (items, size) =>
  Array.from({ length: items.length / size }, (_, i) => items.slice(i * size, (i + 1) * size))

const limit = (name) => ({ name, limit: 1_000_000, windowMs: 60_000, key: 'user-7' })
const check = (count) =>
  post('/v1/ratelimits/check', {
    limits: Array.from({ length: count }, (_, i) => limit(`l${i}`)),
  })
const SPENT = { algorithm: 'fixed-window', align: 'first-hit', limit: 1, windowMs: 86_400_000 }

/** `perSecond` by connections; `isAsked` is false if neither side calls Redis. */
export const rows = [
  {
    name: 'POST without a store',
    isAsked: false,
    server: 'echo',
    steps: [post('/v1/locks/b/acquire', { ttlMs: 30_000 })],
    shell: [post('/echo', { ttlMs: 30_000 })],
    targets: { cpu: 1.2, perSecond: { 8: 0.85, 64: 0.85 } },
  },
  {
    name: 'lock, acquire and release',
    steps: [
      post('/v1/locks/b#/acquire', { ttlMs: 10_000 }, { take: 'token' }),
      post('/v1/locks/b#/release', { token: '$' }),
    ],
    shell: [
      post('/locks/b#/acquire', { ttlMs: 10_000 }, { take: 'token' }),
      post('/locks/b#/release', { token: '$' }),
    ],
    targets: { cpu: 1, perSecond: { 64: 1 }, redis: 1.5 },
  },
  {
    name: 'check of one limit',
    steps: [check(1)],
    shell: [post('/check/one', { key: 'user-7' })],
    targets: { cpu: 1.05, perSecond: { 8: 1, 64: 1 }, redis: 1.5 },
  },
  {
    name: 'check of four limits',
    steps: [check(4)],
    shell: [post('/check/four', { key: 'user-7' })],
    targets: { cpu: 0.7, perSecond: { 8: 1.3, 64: 1.3 } },
  },
  {
    name: 'denied check, from memory',
    isAsked: false,
    prepare: [
      put('/v1/ratelimit-policies/spent', SPENT),
      post('/v1/ratelimits/spent/check', { key: 'user-7' }),
    ],
    steps: [post('/v1/ratelimits/spent/check', { key: 'user-7' })],
    prepareShell: [post('/check/spent', { key: 'user-7' })],
    shell: [post('/check/spent', { key: 'user-7' })],
    targets: { cpu: 1.1, perSecond: { 8: 0.95, 64: 0.95 } },
  },
  {
    name: 'cache GET of 100 B',
    prepare: [put('/v1/cache/bench/small', SMALL)],
    steps: [get('/v1/cache/bench/small')],
    prepareShell: [put('/cache/small', SMALL)],
    shell: [get('/cache/small')],
    targets: { cpu: 1.1, perSecond: { 8: 1, 64: 1 }, redis: 1.5 },
  },
  {
    name: 'cache GET of 100 B from L1',
    isAsked: false,
    prepare: [put('/v1/cache-spaces/memory', { l1: {} }), put('/v1/cache/memory/small', SMALL)],
    steps: [get('/v1/cache/memory/small')],
    shell: [get('/echo')],
    targets: { cpu: 1.3, perSecond: { 8: 0.8, 64: 0.8 } },
  },
  {
    name: 'cache GET of 10 KB',
    prepare: [put('/v1/cache/bench/large', LARGE)],
    steps: [get('/v1/cache/bench/large')],
    prepareShell: [put('/cache/large', LARGE)],
    shell: [get('/cache/large')],
    targets: { cpu: 1, perSecond: { 8: 1, 64: 1 }, redis: 1.5 },
  },
  {
    name: 'cache PUT of 100 B',
    prepare: [put('/v1/cache/bench/written', SMALL)],
    steps: [put('/v1/cache/bench/written', SMALL)],
    shell: [put('/cache/written', SMALL)],
    targets: { cpu: 1.2, perSecond: { 8: 0.9, 64: 0.9 }, redis: 1.5 },
  },
  {
    name: 'get-many of 100',
    prepare: [post('/v1/cache/bench/set-many', { entries: MANY })],
    steps: [post('/v1/cache/bench/get-many', { keys: KEYS })],
    prepareShell: [KEYS.map((key) => put(`/cache/${key}`, SMALL))],
    shell: [post('/cache/get-many', { keys: KEYS })],
    targets: { cpu: 1.5, perSecond: { 8: 0.7, 64: 0.7 }, redis: 4 },
  },
  {
    name: 'leaderboard submit',
    steps: [post('/v1/leaderboards/submits/scores', { entries: [{ member: 'm#', score: 1 }] })],
    shell: [post('/boards/submits/scores', { member: 'm#', score: 1 })],
    targets: { cpu: 0.7, perSecond: { 8: 1.2, 64: 1.2 }, redis: 2 },
  },
  {
    name: 'leaderboard top 10',
    prepare: pagesOf(MEMBERS, 100).map((entries) =>
      post('/v1/leaderboards/pages/scores', { entries }),
    ),
    steps: [get('/v1/leaderboards/pages/entries?limit=10')],
    prepareShell: pagesOf(
      MEMBERS.map((entry) => post('/boards/pages/scores', entry)),
      100,
    ),
    shell: [get('/boards/pages/top')],
    targets: { cpu: 1.2, perSecond: { 8: 0.9, 64: 0.9 }, redis: 2 },
  },
  {
    name: 'leaderboard around, 11',
    steps: [get('/v1/leaderboards/pages/entries/m500/around?count=11')],
    shell: [get('/boards/pages/around/m500')],
    targets: { cpu: 1.1, perSecond: { 8: 0.9, 64: 0.9 } },
  },
  {
    name: 'check while Redis is away',
    isAsked: false,
    server: 'cutOff',
    steps: [check(1)],
    shell: [post('/echo', { key: 'user-7' })],
    targets: {},
  },
]
