import Type from 'typebox'
import { DurationMs } from '../../http/names.js'
import { MAX_LEASE_MS, Token } from '../fields.js'
import { AcquireLockRequest } from '../leases/schemas.js'

const { sessionToken: _, ttlMs: __, maxHoldMs: ___, ...terms } = AcquireLockRequest.properties

export const HoldLockRequest = Type.Object(
  {
    token: Type.Optional({
      ...Token,
      description:
        'Continue the lease of this token, on its own terms, instead of taking a new one: after `detach`.',
    }),
    ttlMs: Type.Optional(
      DurationMs(
        1_000,
        MAX_LEASE_MS,
        "Lease length; the service renews it in time. Choose how long others wait if the service dies. Default 30000; with token the lease's own length.",
      ),
    ),
    maxHoldMs: {
      ...DurationMs(1_000, MAX_LEASE_MS, 'The lease is not renewed beyond this. Default 3600000.'),
      default: 3_600_000,
    },
    ...terms,
  },
  {
    title: 'HoldLockRequest',
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
data: {"name":"migrate","token":"u3Jq0c9mT1uVwX2yZ4aBcD","fence":1795223400123456,"mode":"exclusive","expiresInMs":29999,"waitedMs":0,"holdCount":1,"elapsedMs":3}

event: ping
data: {"expiresInMs":29998,"elapsedMs":10004}

event: revoke-requested
data: {"reason":"maintenance","expiresInMs":9998}

event: lost
data: {"reason":"revoked"}

`

export const HoldStream = {
  description:
    'The lease, for as long as the stream lasts. `acquired` carries token and fence; `ping` follows each renewal. Both carry `elapsedMs`, the time since the request arrived: counted from the moment before the request was sent, the lease is certain for `elapsedMs` + `expiresInMs`, however late the event arrives. `revoke-requested`: the holder is asked to give way. `detach`: this instance shuts down; hold the same token at another one within `expiresInMs`. `lost` is the last event, with the reason: `expired` (also: maxHoldMs), `released`, `revoked`, `not-owner` (another stream carries it, or Redis forgot it), `store-unavailable` (Redis did not answer until the lease was no longer certain).',
  content: {
    'text/event-stream': { schema: Type.String(), examples: { hold: { value: EXAMPLE } } },
  },
}
