import type { Mutant as Fault } from '../support/mutant.js'

export interface Mutant extends Fault {
  /** The plan that exposes the fault. */
  readonly plan: string
}

/** Mutants of each algorithm. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'every cost counts as 1',
    plan: 'gcra',
    breaks: { 'cost-of-a-bucket': 'limit.level = limit.level + limit.interval' },
  },
  {
    name: 'a window forgets what it counted',
    plan: 'fixed-window',
    breaks: { 'count-of-a-window': 'limit.count = limit.cost' },
  },
  {
    name: 'a window that began with a call ends early',
    plan: 'fixed-window-first-hit',
    breaks: {
      'end-of-a-window': 'if not start or stored ~= length or now_us >= start + length / 4 then',
    },
  },
  {
    name: 'a window of the calendar starts afresh with each call',
    plan: 'fixed-window-calendar',
    breaks: { 'calendar-window-goes-on': 'count = 0' },
  },
  {
    name: 'the oldest bucket does not count',
    plan: 'sliding-window-strict',
    breaks: { 'oldest-bucket-counts': '' },
  },
  {
    name: 'buckets move on too soon',
    plan: 'sliding-window-of-6',
    breaks: {
      'buckets-that-moved-on':
        'local gone = last and tonumber(same) == width and 3 * (index - tonumber(last)) or buckets + 1',
    },
  },
  {
    name: 'the log drops entries too soon',
    plan: 'sliding-log',
    breaks: {
      'length-of-the-log':
        'limit.live = first_where(count, function(entry) return time_of(key, entry) > now_us - length / 2 end)',
    },
  },
  {
    name: 'no call is answered with a delay',
    plan: 'leaky-bucket',
    breaks: { 'wait-that-is-answered': 'limit.max_delay, limit.delay_us = max_delay, 0' },
  },
  {
    name: 'leases weigh nothing after one has ended',
    plan: 'concurrency',
    breaks: {
      'weight-of-ended-leases':
        'for _, lease in ipairs(over) do weight = weight + 2 * weight_of(lease) end',
    },
  },
]

/** Mutants of changes to a limit in use; `plan` is one of changes.ts. */
export const CHANGE_MUTANTS: readonly Mutant[] = [
  {
    name: 'usage of a larger limit is kept in full',
    plan: 'gcra, another limit now and then',
    breaks: {
      'usage-under-another-limit': 'bucket.level = math.ceil(bucket.level * interval / stored)',
    },
  },
  {
    name: 'what has leaked is given back',
    plan: 'gcra, refunds and reservations',
    breaks: {
      'what-has-leaked': 'local given = math.min(cost * limit.interval, debt_of(limit))',
    },
  },
  {
    name: 'a window that begins later is waited for',
    plan: 'fixed-window, a clock that steps back',
    breaks: { 'window-of-the-future': 'local is_ahead = false' },
  },
  {
    name: 'entries of the future stay where they are',
    plan: 'sliding-log, a clock that steps back',
    breaks: { 'entries-of-the-future': 'do return count end' },
  },
]
