const value = { name: 'Ada', tags: Array(16).fill('0123456789abcdef') }
const at = (space, key) => `/v1/cache/${space}/${key}`
const put = (space, key) => ({ method: 'PUT', path: at(space, key), body: value })
const keys = Array.from({ length: 100 }, (_, i) => `k${i}`)

export const rows = [
  {
    name: 'cache GET from Redis over echo',
    target: 0.85,
    prepare: [put('bench', 'value')],
    request: { method: 'GET', path: at('bench', 'value') },
  },
  {
    name: 'cache GET from L1 over Fastify GET',
    target: 0.85,
    prepare: [
      { method: 'PUT', path: '/v1/cache-spaces/memory', body: { l1: {} } },
      put('memory', 'value'),
    ],
    request: { method: 'GET', path: at('memory', 'value') },
    rival: { server: 'fastify' },
  },
  {
    name: 'cache GET from L1 over echo',
    prepare: [
      { method: 'PUT', path: '/v1/cache-spaces/memory', body: { l1: {} } },
      put('memory', 'value'),
    ],
    request: { method: 'GET', path: at('memory', 'value') },
  },
  {
    name: 'get-many of 100: CPU per key over webdis GET',
    target: 0.33,
    atMost: true,
    operations: 100,
    // A hundred keys each: Redis has enough to do.
    connections: 8,
    prepare: [
      {
        method: 'POST',
        path: '/v1/cache/bench/set-many',
        body: { entries: keys.map((key) => ({ key, value })) },
      },
    ],
    request: { method: 'POST', path: '/v1/cache/bench/get-many', body: { keys } },
    rival: {
      server: 'webdis',
      prepare: [{ method: 'PUT', path: '/SET/value', body: value }],
      request: { method: 'GET', path: '/GET/value' },
    },
  },
]
