import { buildMutant as breakScript, type Mutant as Fault } from '../support/mutant.js'

interface Mutant extends Fault {
  /** The scenario that brings it out. */
  readonly scenario: string
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'release without owner check',
    scenario: 'holders paused',
    script: 'release.lua',
    replace: [
      ['local lost = find_lost(locks, token)', 'local lost = nil'],
      [
        'local lease = find_lease(lock, token)',
        "if lock.sole ~= '' then token = lock.sole end\n  local lease = find_lease(lock, token)",
      ],
    ],
  },
  {
    name: 'renew that resurrects',
    scenario: 'holders paused',
    script: 'renew.lua',
    replace: [
      [
        'if lost then return answer(call, tell_lost(locks, token, lost)) end',
        'if lost then\n  for _, lock in ipairs(locks) do grant(lock, token, { ttl_ms = ttl_ms }, false) end\nend',
      ],
    ],
  },
  {
    name: 'plain INCR fence',
    scenario: 'replica promoted',
    script: 'lib/call.lua',
    replace: [
      ['math.max(last + 1, now_us, call.floor + 1)', "redis.call('INCR', call.prefix .. 'fence')"],
    ],
  },
  {
    name: 'grant without re-check',
    scenario: 'calm',
    script: 'lib/grants.lua',
    replace: [['return fits(lock, waiter) or find_joinable(lock, waiter) ~= nil', 'return true']],
  },
  {
    name: 'a grant to the last in line',
    scenario: 'calm',
    script: 'lib/queue.lua',
    replace: [
      [
        "local token = redis.call('ZRANGE', part(lock, 'queue'), 0, 0)[1]",
        "local token = redis.call('ZRANGE', part(lock, 'queue'), -1, -1)[1]",
      ],
    ],
  },
  {
    name: 'a key that is forgotten',
    scenario: 'calm',
    script: 'acquire.lua',
    replace: [['if first[3] then', 'if false then']],
  },
]

/** @returns the folder of the broken service */
export const buildMutant = (built: string, mutant: Mutant): string =>
  breakScript(built, 'locks/scripts', mutant)
