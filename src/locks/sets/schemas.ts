import Type from 'typebox'
import { ByName } from '../../http/by-name.js'
import { ObjectName } from '../../http/names.js'
import {
  EXAMPLE_FENCE,
  EXAMPLE_TOKEN,
  Fence,
  ReleaseRequest,
  RenewRequest,
  Terms,
} from '../leases/schemas.js'

const NAMES = ['t7@a', 't7@b']
const FENCES = { 't7@a': EXAMPLE_FENCE, 't7@b': EXAMPLE_FENCE + 1 }

const Names = Type.Array(ObjectName, {
  minItems: 1,
  maxItems: 32,
  uniqueItems: true,
  description: 'The locks of the set, 1 to 32, no duplicates.',
})

export const AcquireSetRequest = Type.Object(
  { names: Names, ...Terms },
  { additionalProperties: false, examples: [{ names: NAMES, waitMs: 5_000 }] },
)

const Fences = ByName(Fence, { description: 'The fence of each name.' })
const ExpiresIn = Type.Integer({ description: 'Never more than the time left of the leases.' })

export const AcquireSetResponse = Type.Object(
  {
    token: RenewRequest.properties.token,
    fences: Fences,
    expiresInMs: ExpiresIn,
    waitedMs: Type.Integer({ description: 'Time spent in the queues.' }),
  },
  {
    description: 'All of them, under one token.',
    examples: [{ token: EXAMPLE_TOKEN, fences: FENCES, expiresInMs: 29_999, waitedMs: 0 }],
  },
)

export const RenewSetRequest = Type.Object(
  { names: Names, ...RenewRequest.properties },
  {
    additionalProperties: false,
    examples: [{ names: NAMES, token: EXAMPLE_TOKEN, ttlMs: 30_000 }],
  },
)

export const RenewSetResponse = Type.Object(
  { fences: Fences, expiresInMs: ExpiresIn },
  { description: 'All leases go on.', examples: [{ fences: FENCES, expiresInMs: 29_999 }] },
)

export const ReleaseSetRequest = Type.Object(
  { names: Names, ...ReleaseRequest.properties },
  { additionalProperties: false, examples: [{ names: NAMES, token: EXAMPLE_TOKEN }] },
)

export const ReleaseSetResponse = Type.Object(
  {
    released: Type.Boolean({ description: 'False for a repeat.' }),
    replayed: Type.Optional(Type.Boolean()),
    fences: Type.Optional(Fences),
    heldMs: Type.Optional(Type.Integer()),
  },
  {
    description: 'All leases are over.',
    examples: [
      { released: true, fences: FENCES, heldMs: 4_210 },
      { released: false, replayed: true },
    ],
  },
)
