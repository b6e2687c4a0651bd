import Type from 'typebox'
import { EventOf, EventsAnswer } from '../../http/event-schemas.js'
import { DurationMs } from '../../http/names.js'
import { MAX_LEASE_MS, PastMs, Token } from '../fields.js'
import { AcquireLockRequest, ExpiresInMs, Lease, RevokeNotice } from '../leases/schemas.js'

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

const Certain = {
  expiresInMs: ExpiresInMs,
  elapsedMs: PastMs('Since the request arrived.'),
}

const { name, token, fence, mode, waitedMs, holdCount } = Lease.properties

const HeldLock = Type.Object(
  {
    name,
    token,
    fence,
    mode: Type.Optional({ ...mode, description: 'Absent for a lease that goes on.' }),
    waitedMs: Type.Optional({ ...waitedMs, description: 'Absent for a lease that goes on.' }),
    holdCount: Type.Optional({ ...holdCount, description: 'Absent for a lease that goes on.' }),
    ...Certain,
  },
  { title: 'HeldLock', description: 'The lease, and the secret that proves it.' },
)

const HoldPing = Type.Object(Certain, { title: 'HoldPing', description: 'The lease goes on.' })

const HoldDetached = Type.Object(
  { token, fence, ...Certain },
  { title: 'HoldDetached', description: 'This instance shuts down; the lease goes on.' },
)

const HoldLoss = Type.Object(
  {
    reason: Type.Enum(['expired', 'released', 'revoked', 'not-owner', 'store-unavailable'], {
      title: 'HoldLossReason',
      description: 'Why the lease is lost.',
    }),
  },
  { title: 'HoldLoss', description: 'The lease is lost.' },
)

export const HoldStream = EventsAnswer(
  'HoldEvent',
  [
    EventOf('HoldAcquiredEvent', ['acquired'], HeldLock),
    EventOf('HoldPingEvent', ['ping'], HoldPing),
    EventOf('HoldRevokeEvent', ['revoke-requested'], RevokeNotice),
    EventOf('HoldDetachEvent', ['detach'], HoldDetached),
    EventOf('HoldLostEvent', ['lost'], HoldLoss),
  ],
  'The lease, for as long as the stream lasts. `acquired` carries token and fence; `ping` follows each renewal. Both carry `elapsedMs`, the time since the request arrived: counted from the moment before the request was sent, the lease is certain for `elapsedMs` + `expiresInMs`, however late the event arrives. `revoke-requested`: the holder is asked to give way. `detach`: this instance shuts down; hold the same token at another one within `expiresInMs`. `lost` is the last event, with the reason: `expired` (also: maxHoldMs), `released`, `revoked`, `not-owner` (another stream carries it, or Redis forgot it), `store-unavailable` (Redis did not answer until the lease was no longer certain).',
  EXAMPLE,
)
