const limit = (name) => ({ name, limit: 1_000_000, windowMs: 60_000 })

const check = (count) => ({
  method: 'POST',
  path: '/v1/ratelimits/check',
  body: { limits: Array.from({ length: count }, (_, i) => ({ ...limit(`l${i}`), key: 'user-7' })) },
})

/** A subject that used up a day of its limit, and asks again all the time. */
const denied = { method: 'POST', path: '/v1/ratelimits/spent/check', body: { key: 'user-7' } }
const spend = [
  {
    method: 'PUT',
    path: '/v1/ratelimits/policies/spent',
    body: { algorithm: 'fixed-window', align: 'first-hit', limit: 1, windowMs: 86_400_000 },
  },
  denied,
]

export const rows = [
  { name: 'check of one limit over echo', target: 0.85, request: check(1) },
  { name: 'check of four limits over echo', request: check(4) },
  { name: 'check while Redis is away over echo', server: 'cutOff', request: check(1) },
  {
    name: 'denied hot key from the deny cache over echo',
    request: denied,
    prepare: spend,
  },
]
