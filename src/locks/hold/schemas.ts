import Type from 'typebox'
import { DurationMs } from '../../http/names.js'
import { AcquireRequest, MAX_LEASE_MS, Token } from '../leases/schemas.js'

const { sessionId: _, ttlMs: __, maxHoldMs: ___, ...terms } = AcquireRequest.properties

export const HoldRequest = Type.Object(
  {
    token: Type.Optional({
      ...Token,
      description:
        'Go on with the lease of this token, on its own terms, instead of taking one: after `detach`.',
    }),
    ttlMs: Type.Optional(
      DurationMs(
        1_000,
        MAX_LEASE_MS,
        "The service renews in time. Not longer than the holder may be cut off. Default 30000; with token the lease's own length.",
      ),
    ),
    maxHoldMs: {
      ...DurationMs(1_000, MAX_LEASE_MS, 'The lease is not renewed beyond this.'),
      default: 3_600_000,
    },
    ...terms,
  },
  {
    additionalProperties: false,
    examples: [
      {},
      { waitMs: 60_000, owner: 'worker-7', lockDelayMs: 5_000 },
      { token: 'u3Jq0c9mT1uVwX2yZ4aBcD' },
    ],
  },
)

const EXAMPLE = `retry: 1000

event: acquired
data: {"name":"migrate","token":"u3Jq0c9mT1uVwX2yZ4aBcD","fence":1795223400123456,"mode":"exclusive","expiresInMs":29999,"waitedMs":0,"holdCount":1,"atMs":3}

event: ping
data: {"expiresInMs":29998,"atMs":10004}

event: revoke-requested
data: {"reason":"maintenance","inMs":10000}

event: lost
data: {"reason":"revoked"}

`

export const HoldStream = {
  description:
    'The lease, for as long as the stream lasts. `acquired` with token and fence; `ping` after each renewal; each with `atMs`, the time since the request arrived: the lease is certain until `atMs` + `expiresInMs` after the moment before the request was sent, however late the event arrives; `revoke-requested` when somebody asks the holder to give way; `detach` when this instance shuts down: hold the same token at another one within `expiresInMs`; `lost`, at last, with the reason: `expired` (also: maxHoldMs), `released`, `revoked`, `not-owner` (another stream carries it, or Redis forgot it), `store-unavailable` (Redis did not answer until the lease was no longer certain).',
  content: {
    'text/event-stream': { schema: Type.String(), examples: { hold: { value: EXAMPLE } } },
  },
}
