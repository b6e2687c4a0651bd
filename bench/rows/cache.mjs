const path = '/v1/cache/bench/value'

export const rows = [
  {
    name: 'cache GET from Redis over echo',
    target: 0.85,
    prepare: {
      method: 'PUT',
      path,
      body: { name: 'Ada', tags: Array(16).fill('0123456789abcdef') },
    },
    request: { method: 'GET', path },
  },
]
