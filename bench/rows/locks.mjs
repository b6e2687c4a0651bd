export const rows = [
  {
    name: 'acquire over echo',
    target: 0.85,
    request: { method: 'POST', path: '/v1/locks/b#/acquire', body: { ttlMs: 100 } },
  },
]
