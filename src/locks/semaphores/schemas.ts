import Type from 'typebox'
import { EXAMPLE_FENCE, EXAMPLE_TOKEN, Terms } from '../fields.js'
import { Lease } from '../leases/schemas.js'

const MAX_CAPACITY = 10_000

const Capacity = Type.Integer({
  minimum: 1,
  maximum: MAX_CAPACITY,
  description:
    'Permits of the semaphore; callers must agree on it unless it was set with PUT. 1 to 10000.',
})

export const AcquirePermitsRequest = Type.Object(
  {
    permits: Type.Integer({
      minimum: 1,
      maximum: MAX_CAPACITY,
      default: 1,
      description: 'How many permits this lease takes. Default 1. 1 to 10000.',
    }),
    capacity: Type.Optional(Capacity),
    ...Terms,
  },
  {
    title: 'AcquirePermitsRequest',
    additionalProperties: false,
    examples: [{ capacity: 5 }, { permits: 2, waitMs: 10_000 }],
  },
)

const { mode: _, holdCount: __, ...lease } = Lease.properties

export const PermitLease = Type.Object(
  {
    ...lease,
    permits: Type.Integer({
      minimum: 1,
      maximum: MAX_CAPACITY,
      description: 'Permits of the lease, 1 to 10000.',
    }),
  },
  {
    title: 'PermitLease',
    description: 'The lease on the permits, and the secret that proves it.',
    examples: [
      {
        name: 'pool',
        token: EXAMPLE_TOKEN,
        fence: EXAMPLE_FENCE,
        expiresInMs: 29_999,
        waitedMs: 0,
        permits: 2,
      },
    ],
  },
)

export const PutSemaphoreRequest = Type.Object(
  { capacity: { ...Capacity, description: 'Permits of the semaphore. 1 to 10000.' } },
  { title: 'PutSemaphoreRequest', additionalProperties: false, examples: [{ capacity: 10 }] },
)
