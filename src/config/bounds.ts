import Type from 'typebox'

const MIB = 1024 * 1024

const count = (fallback: number, description: string) =>
  Type.Integer({ default: fallback, minimum: 1, maximum: 1_000_000, description })

/** How much one instance accepts, and when it refuses more. */
export const BOUNDS = {
  maxConnections: count(
    10_000,
    'Connections of clients to one address of one instance. An eighth more get one answer each.',
  ),
  maxRequests: count(
    8_000,
    'Requests that one instance works on at a time, without those that wait and streams.',
  ),
  maxStreams: count(5_000, 'Event streams and holds of one instance.'),
  maxWaiters: count(
    10_000,
    'Requests with `waitMs` that one instance serves at a time, of all kinds together.',
  ),
  overloadDelayMs: Type.Integer({
    default: 250,
    minimum: 10,
    maximum: 600_000,
    description:
      'While every request waits longer than this for the event loop, or every call for Redis, the instance refuses a share of the requests.',
  }),
  maxBodyBytes: Type.Integer({
    default: 128 * MIB,
    minimum: 16 * MIB,
    maximum: 64 * 1024 * MIB,
    description:
      'Bytes of request bodies of 16 KiB and more that one instance takes at a time. A body without Content-Length counts as the most that its route accepts.',
  }),
}
