import type { Mutant as Fault } from '../support/mutant.js'

export interface Mutant extends Fault {
  /** The plan that brings it out. */
  readonly plan: string
}

/** Of each way to count, below scripts/lib. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'every cost counts as 1',
    plan: 'gcra',
    script: 'bucket.lua',
    replace: [['limit.level + limit.cost * limit.interval', 'limit.level + limit.interval']],
  },
  {
    name: 'a window forgets what it counted',
    plan: 'fixed-window',
    script: 'window.lua',
    replace: [['limit.count = limit.count + limit.cost', 'limit.count = limit.cost']],
  },
  {
    name: 'a window that began with a call ends early',
    plan: 'fixed-window-first-hit',
    script: 'window.lua',
    replace: [['now_us >= start + length then', 'now_us >= start + length / 4 then']],
  },
  {
    name: 'a window of the calendar starts afresh with each call',
    plan: 'fixed-window-calendar',
    script: 'window.lua',
    replace: [
      [
        'if not is_ahead and (known ~= start or length ~= stop - start) then count = 0 end',
        'count = 0',
      ],
    ],
  },
  {
    name: 'the oldest bucket does not count',
    plan: 'sliding-window-strict',
    script: 'sliding.lua',
    replace: [['if limit.strict then return full + oldest, full, oldest end', '']],
  },
  {
    name: 'buckets move on too soon',
    plan: 'sliding-window-of-6',
    script: 'sliding.lua',
    replace: [
      ['index - tonumber(last) or buckets + 1', '3 * (index - tonumber(last)) or buckets + 1'],
    ],
  },
  {
    name: 'the log drops entries too soon',
    plan: 'sliding-log',
    script: 'log.lua',
    replace: [
      [
        'time_of(key, entry) > now_us - length end',
        'time_of(key, entry) > now_us - length / 2 end',
      ],
    ],
  },
  {
    name: 'nobody is told to wait',
    plan: 'leaky-bucket',
    script: 'leaky.lua',
    replace: [['limit.delay_us = max_delay, us(debt_of(limit))', 'limit.delay_us = max_delay, 0']],
  },
  {
    name: 'leases weigh nothing after one has ended',
    plan: 'concurrency',
    script: 'leases.lua',
    replace: [
      ['weight = weight + weight_of(lease) end', 'weight = weight + 2 * weight_of(lease) end'],
    ],
  },
]

/** Of what a change does to a limit that is being asked; `plan` is one of changes.ts. */
export const CHANGE_MUTANTS: readonly Mutant[] = [
  {
    name: 'usage of a larger limit is kept in full',
    plan: 'gcra, another limit now and then',
    script: 'bucket.lua',
    replace: [['bucket.level = math.min(room, math.ceil(', 'bucket.level = (math.ceil(']],
  },
  {
    name: 'what has leaked is given back',
    plan: 'gcra, refunds and reservations',
    script: 'bucket.lua',
    replace: [['16 * math.max(0, last_us - now_us)', 'math.huge']],
  },
  {
    name: 'a window that begins later is waited for',
    plan: 'fixed-window, a clock that steps back',
    script: 'window.lua',
    replace: [['local is_ahead = start > now_us', 'local is_ahead = false']],
  },
  {
    name: 'entries of the future stay where they are',
    plan: 'sliding-log, a clock that steps back',
    script: 'log.lua',
    replace: [
      [
        'if count == 0 or time_of(key, count) <= now_us then return count end',
        'do return count end',
      ],
    ],
  },
]
