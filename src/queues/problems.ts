import Type from 'typebox'
import { defineProblems, type Problem } from '../http/problem.js'
import type { Queue } from './settings.js'

/** Errors of this domain; the others that its routes can answer with are shared. */
export const { specs, problem, problemResponses, responses } = defineProblems({
  'queue-not-found': {
    status: 404,
    title: 'Queue not found',
    cause: 'The queue has no settings of its own and no messages, or no settings to change.',
    remedy: 'Send to it, PUT its settings, or compare the name with the list of queues.',
    retry: 'no',
  },
  'too-many-messages': {
    status: 429,
    title: 'Queue is full',
    cause: 'With these messages the queue would hold more than its `capacity` or its `maxBytes`.',
    remedy: 'Send again when workers have settled some, add workers, or raise the bound.',
    retry: 'later',
    members: Type.Object(
      {
        limit: Type.Enum(['capacity', 'maxBytes'], {
          title: 'QueueBound',
          description: 'The setting that refuses them.',
        }),
      },
      { title: 'QueueFullProblem', examples: [{ limit: 'capacity', retryAfterMs: 1_000 }] },
    ),
  },
  'too-many-receivers': {
    status: 429,
    title: 'Too many receivers wait',
    cause:
      'As many requests wait for messages at this instance as LOCKSTEP_QUEUE_WAITERS allows for one queue.',
    remedy: 'Ask again later, without `waitMs`, or of another instance.',
    retry: 'later',
  },
})

/** When room is likely: workers settle, and waits end, all the time. */
const RETRY_FULL_MS = 1_000

export function queueFull({ name, settings }: Queue, bound: 'capacity' | 'bytes'): Problem {
  const limit = bound === 'bytes' ? 'maxBytes' : 'capacity'
  const detail = `With these messages "${name}" would hold more than its ${limit} of ${settings[limit]}.`
  return problem('too-many-messages', detail, {
    extensions: { limit },
    retryAfterMs: RETRY_FULL_MS,
  })
}

export const tooManyReceivers = ({ name }: Queue): Problem =>
  problem(
    'too-many-receivers',
    `Too many requests wait for messages of "${name}", or of all queues.`,
    {
      retryAfterMs: RETRY_FULL_MS,
    },
  )

export const queueNotFound = (queue: string): Problem =>
  problem('queue-not-found', `The queue "${queue}" has neither settings nor messages.`)
