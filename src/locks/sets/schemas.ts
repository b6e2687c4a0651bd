import Type from 'typebox'
import { ByName } from '../../http/by-name.js'
import { ObjectName } from '../../http/names.js'
import { EXAMPLE_FENCE, EXAMPLE_TOKEN, Fence, Terms, Token } from '../fields.js'
import {
  ExpiresInMs,
  HeldMs,
  ReleaseLeaseRequest,
  RenewLeaseRequest,
  Replayed,
  SetLeaseMetadataRequest,
  WaitedMs,
} from '../leases/schemas.js'

const NAMES = ['t7@a', 't7@b']
const FENCES = { 't7@a': EXAMPLE_FENCE, 't7@b': EXAMPLE_FENCE + 1 }

const Names = Type.Array(ObjectName, {
  minItems: 1,
  maxItems: 32,
  uniqueItems: true,
  description: 'The locks of the set, 1 to 32, no duplicates.',
})

export const AcquireLockSetRequest = Type.Object(
  { names: Names, ...Terms },
  {
    title: 'AcquireLockSetRequest',
    additionalProperties: false,
    examples: [{ names: NAMES, waitMs: 5_000 }],
  },
)

const Fences = ByName(Fence, { title: 'FencesByName', description: 'The fence of each name.' })

export const LockSetLease = Type.Object(
  { token: Token, fences: Fences, expiresInMs: ExpiresInMs, waitedMs: WaitedMs },
  {
    title: 'LockSetLease',
    description: 'All of them, under one token.',
    examples: [{ token: EXAMPLE_TOKEN, fences: FENCES, expiresInMs: 29_999, waitedMs: 0 }],
  },
)

export const RenewLockSetRequest = Type.Object(
  { names: Names, ...RenewLeaseRequest.properties },
  {
    title: 'RenewLockSetRequest',
    additionalProperties: false,
    examples: [{ names: NAMES, token: EXAMPLE_TOKEN, ttlMs: 30_000 }],
  },
)

export const RenewedLockSet = Type.Object(
  { fences: Fences, expiresInMs: ExpiresInMs },
  {
    title: 'RenewedLockSet',
    description: 'All leases go on.',
    examples: [{ fences: FENCES, expiresInMs: 29_999 }],
  },
)

export const SetLockSetMetadataRequest = Type.Object(
  { names: Names, ...SetLeaseMetadataRequest.properties },
  {
    title: 'SetLockSetMetadataRequest',
    additionalProperties: false,
    examples: [{ names: NAMES, token: EXAMPLE_TOKEN, metadata: { address: '10.0.0.7:8080' } }],
  },
)

export const ChangedLockSet = Type.Object(
  { fences: Fences },
  {
    title: 'ChangedLockSet',
    description: 'All leases have the metadata.',
    examples: [{ fences: FENCES }],
  },
)

export const ReleaseLockSetRequest = Type.Object(
  { names: Names, ...ReleaseLeaseRequest.properties },
  {
    title: 'ReleaseLockSetRequest',
    additionalProperties: false,
    examples: [{ names: NAMES, token: EXAMPLE_TOKEN }],
  },
)

export const ReleasedLockSet = Type.Object(
  {
    released: Type.Boolean({ description: 'False for a repeat: they were released before.' }),
    replayed: Type.Optional(Replayed),
    fences: Type.Optional({
      ...Fences,
      description: 'The fence of each name; absent for a repeat.',
    }),
    heldMs: Type.Optional(HeldMs),
  },
  {
    title: 'ReleasedLockSet',
    description: 'All leases are over.',
    examples: [
      { released: true, fences: FENCES, heldMs: 4_210 },
      { released: false, replayed: true },
    ],
  },
)
