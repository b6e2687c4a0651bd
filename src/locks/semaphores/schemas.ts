import Type from 'typebox'
import { ObjectName } from '../../http/names.js'
import { AcquireResponse, EXAMPLE_FENCE, EXAMPLE_TOKEN, Terms } from '../leases/schemas.js'

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
      description: 'How many permits this lease takes. 1 to 10000.',
    }),
    capacity: Type.Optional(Capacity),
    ...Terms,
  },
  { additionalProperties: false, examples: [{ capacity: 5 }, { permits: 2, waitMs: 10_000 }] },
)

const { mode: _, holdCount: __, ...lease } = AcquireResponse.properties

export const AcquirePermitsResponse = Type.Object(
  { ...lease, permits: Type.Integer() },
  {
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

export const CapacityRequest = Type.Object(
  { capacity: Capacity },
  { additionalProperties: false, examples: [{ capacity: 10 }] },
)

export const CapacityResponse = Type.Object(
  { name: ObjectName, capacity: Type.Optional(Type.Integer()) },
  { description: 'The capacity in force.', examples: [{ name: 'pool', capacity: 10 }] },
)
