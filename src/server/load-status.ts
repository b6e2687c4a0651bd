import Type from 'typebox'
import type { Load } from '../http/load.js'

const LoadCount = Type.Object(
  {
    now: Type.Integer({ minimum: 0, description: 'How many there are.' }),
    max: Type.Integer({ minimum: 1, description: 'How many the instance accepts.' }),
  },
  {
    title: 'LoadCount',
    description: 'Of one kind.',
    examples: [{ now: 212, max: 10_000 }],
  },
)

const LoadDelay = Type.Object(
  {
    delayMs: Type.Integer({
      minimum: 0,
      description: 'The least time that a request waited in the last half second.',
    }),
    refusedPercent: Type.Integer({
      minimum: 0,
      maximum: 100,
      description: 'The share of requests that is refused for it.',
    }),
  },
  {
    title: 'LoadDelay',
    description: 'For the event loop, or for Redis.',
    examples: [{ delayMs: 1, refusedPercent: 0 }],
  },
)

export const LOAD = {
  connections: { now: 212, max: 10_000 },
  requests: { now: 9, max: 8_000 },
  waiters: { now: 40, max: 10_000 },
  streams: { now: 3, max: 5_000 },
  bodyBytes: { now: 0, max: 134_217_728 },
  eventLoop: { delayMs: 1, refusedPercent: 0 },
  redis: { delayMs: 0, refusedPercent: 0 },
}

export const LoadStatus = Type.Object(
  {
    connections: LoadCount,
    requests: LoadCount,
    waiters: LoadCount,
    streams: LoadCount,
    bodyBytes: LoadCount,
    eventLoop: LoadDelay,
    redis: LoadDelay,
  },
  {
    title: 'LoadStatus',
    description: 'What this instance does, and how much of it it accepts.',
    examples: [LOAD],
  },
)

export function statusOfLoad({ bounds, overload }: Load) {
  const count = (of: keyof typeof bounds) => ({ now: bounds[of].count, max: bounds[of].max })
  const delay = (of: 'event-loop' | 'redis') => ({
    delayMs: Math.round(overload[of].delayMs),
    refusedPercent: overload[of].percent,
  })
  return {
    connections: count('connections'),
    requests: count('requests'),
    waiters: count('waiters'),
    streams: count('streams'),
    bodyBytes: count('body-bytes'),
    eventLoop: delay('event-loop'),
    redis: delay('redis'),
  }
}
