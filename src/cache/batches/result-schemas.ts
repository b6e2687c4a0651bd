import Type from 'typebox'
import type { StoreErrorCode } from '../../redis/errors.js'
import { EntryKind, EntryState, KeyName, timeLeft } from '../fields.js'
import { OfferedLease } from '../leases/schemas.js'
import { Encoding } from './schemas.js'

/** The store gave no outcome for one item. */
const STORE_ERRORS = [
  'store-unavailable',
  'outcome-unknown',
  'store-full',
  'store-not-ready',
  'not-replicated',
] as const satisfies readonly StoreErrorCode[]

const FOUND = [
  'hit',
  'cache-miss',
  'kind-mismatch',
  'deferred',
  'origin-failed',
  'origin-unavailable',
] as const
const WRITTEN = [
  'created',
  'replaced',
  'precondition-failed',
  'fence-outdated',
  'precondition-required',
  'lease-lost',
  'too-large',
  'idempotency-conflict',
  'origin-owned',
  'outbox-pending',
] as const
/** Where writes go to the origin of the space. */
const THROUGH = [
  'write-refused',
  'origin-failed',
  'origin-unavailable',
  'invalid-request',
  'outbox-full',
] as const

const BY_STORE =
  'Of the store: store-unavailable, store-full, store-not-ready, not-replicated: not applied; outcome-unknown: maybe.'

const etag = Type.Optional(
  Type.String({
    description: 'Version of the value: of what was written or read, or of what refused a write.',
  }),
)
const failure = {
  detail: Type.Optional(
    Type.String({ description: 'What happened, where the store or the origin gave no outcome.' }),
  ),
  reason: Type.Optional(Type.String({ description: 'With `store-not-ready`: why.' })),
}
const refusal = {
  originStatus: Type.Optional(
    Type.Integer({
      minimum: 100,
      maximum: 999,
      description: 'With `write-refused`, `origin-failed`: what the origin answered.',
    }),
  ),
  originBody: Type.Optional(
    Type.String({ description: 'With `write-refused` and `exposeErrors`: as text, 8 KiB of it.' }),
  ),
}
const replayed = Type.Optional(
  Type.Boolean({ description: 'A repeat under its idempotency key: nothing was applied again.' }),
)

const pending = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'With `write: behind`: the version that the origin has yet to get.',
  }),
)

/** What a result says of a key that was read. */
const foundFields = {
  state: Type.Optional(EntryState),
  kind: Type.Optional(EntryKind),
  encoding: Type.Optional(Encoding({ description: 'The form of `value`.' })),
  value: Type.Optional(
    Type.Unknown({ description: 'The value, in the form that `encoding` says.' }),
  ),
  contentType: Type.Optional(Type.String({ description: 'As it was stored.' })),
  contentEncoding: Type.Optional(Type.String({ description: 'As it was stored, if it was.' })),
  etag,
  ageMs: Type.Optional(timeLeft('Time since it was stored.')),
  expiresInMs: Type.Optional(timeLeft('Time until it is stale; 0 where it is.')),
  lease: Type.Optional(OfferedLease),
}

const GetManyResult = Type.Object(
  {
    key: KeyName,
    status: Type.Enum([...FOUND, ...STORE_ERRORS], {
      title: 'GetManyStatus',
      description: `hit: the value is in the answer. cache-miss: there is none. kind-mismatch: the key is no bytes. deferred: the answer is full, ask again. origin-failed, origin-unavailable: the value could not be loaded. ${BY_STORE}`,
    }),
    ...foundFields,
    ...failure,
  },
  { title: 'GetManyResult' },
)

export const PipelineResult = Type.Object(
  {
    key: KeyName,
    status: Type.Enum(
      [...FOUND, ...WRITTEN, 'deleted', 'counted', 'counter-overflow', ...STORE_ERRORS],
      {
        title: 'CacheOperationStatus',
        description: `What became of the operation: its outcome, or the code of the error that the single call would get. ${BY_STORE}`,
      },
    ),
    ...foundFields,
    ...failure,
    replayed,
  },
  { title: 'CacheOperationResult' },
)

export const HIT_EXAMPLE = {
  key: 'user:7',
  status: 'hit',
  state: 'fresh',
  encoding: 'json',
  value: { name: 'Ada' },
  contentType: 'application/json',
  etag: '"hp9ji8l5s1"',
  ageMs: 0,
  expiresInMs: 60_000,
}

export const GetManyResponse = Type.Object(
  { results: Type.Array(GetManyResult, { description: 'One for each key, in the order asked.' }) },
  {
    title: 'GetManyResults',
    description: 'What each key holds; at most 8 MiB of values.',
    examples: [
      {
        results: [
          HIT_EXAMPLE,
          {
            key: 'user:8',
            status: 'cache-miss',
            state: 'miss',
            lease: {
              status: 'granted',
              token: 'u3Jq0c9mT1uVwX2yZ4aBcD.1789000000000000',
              expiresInMs: 9_999,
            },
          },
        ],
      },
    ],
  },
)

const SetManyResult = Type.Object(
  {
    key: KeyName,
    status: Type.Enum([...WRITTEN, ...THROUGH, ...STORE_ERRORS], {
      title: 'SetManyStatus',
      description: `created, replaced, or the code of the error that a PUT of this entry would get. ${BY_STORE}`,
    }),
    etag,
    pending,
    replayed,
    ...failure,
    ...refusal,
  },
  { title: 'SetManyResult' },
)

export const SetManyResponse = Type.Object(
  { results: Type.Array(SetManyResult, { description: 'One for each entry, in the order sent.' }) },
  {
    title: 'SetManyResults',
    description: 'What became of each entry.',
    examples: [
      {
        results: [
          { key: 'user:7', status: 'replaced', etag: '"hp9ji8l5s0"' },
          { key: 'logo', status: 'precondition-failed', etag: '"hp9ji8k001"' },
        ],
      },
    ],
  },
)

const DeleteManyResult = Type.Object(
  {
    key: KeyName,
    status: Type.Enum(['deleted', 'outbox-pending', ...THROUGH, ...STORE_ERRORS], {
      title: 'DeleteManyStatus',
      description: `deleted: nothing is there now; otherwise the code of the error that a DELETE would get. ${BY_STORE}`,
    }),
    pending,
    ...failure,
    ...refusal,
  },
  { title: 'DeleteManyResult' },
)

export const DeleteManyResponse = Type.Object(
  {
    results: Type.Array(DeleteManyResult, { description: 'One for each key, in the order sent.' }),
  },
  {
    title: 'DeleteManyResults',
    description: 'What became of each key.',
    examples: [{ results: [{ key: 'user:7', status: 'deleted' }] }],
  },
)
