import type { Mutant as Fault } from '../support/mutant.js'

interface Mutant extends Fault {
  /** The scenario that exposes the fault. */
  readonly scenario: string
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'release without owner check',
    scenario: 'holders paused',
    breaks: {
      'ended-lease-of-a-release': 'local lost = nil',
      'owner-check': (line) => `if lock.sole ~= '' then token = lock.sole end; ${line}`,
    },
  },
  {
    name: 'renew that resurrects',
    scenario: 'holders paused',
    breaks: {
      'ended-lease-of-a-renewal':
        'if lost then for _, lock in ipairs(locks) do grant(lock, token, { ttl_ms = ttl_ms }, false) end end',
    },
  },
  {
    name: 'plain INCR fence',
    scenario: 'replica promoted',
    breaks: { 'next-fence': "local fence = redis.call('INCR', call.prefix .. 'fence')" },
  },
  {
    name: 'grant without re-check',
    scenario: 'calm',
    breaks: { 'check-before-a-grant': 'return true' },
  },
  {
    name: 'a grant to the last in line',
    scenario: 'calm',
    breaks: {
      'head-of-the-line': "local token = redis.call('ZRANGE', part(lock, 'queue'), -1, -1)[1]",
    },
  },
  {
    name: 'a key that is forgotten',
    scenario: 'calm',
    breaks: { 'repeated-request': 'if false then' },
  },
]
