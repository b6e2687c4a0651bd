import Type from 'typebox'
import { DurationMs } from '../../http/names.js'
import { Count, EXAMPLE_FENCE, Fence, MAX_LEASE_MS } from '../fields.js'
import { VERIFIED_TOKENS } from './scripts.js'

export const VerifyLockRequest = Type.Object(
  {
    fence: { ...Fence, minimum: 0, description: 'The fencing token to test; 0 is never current.' },
  },
  {
    title: 'VerifyLockRequest',
    additionalProperties: false,
    examples: [{ fence: EXAMPLE_FENCE }],
  },
)

export const LockVerification = Type.Object(
  {
    current: Type.Boolean({ description: 'Whether the lease with this fence holds the lock now.' }),
    fence: {
      ...Fence,
      minimum: 0,
      description: `The highest fence that is current, of the ${VERIFIED_TOKENS} newest leases; 0 for none.`,
    },
  },
  {
    title: 'LockVerification',
    description: 'Whether the lease with this fence holds the lock now.',
    examples: [
      { current: true, fence: EXAMPLE_FENCE },
      { current: false, fence: EXAMPLE_FENCE + 7 },
    ],
  },
)

export const RevokeLockRequest = Type.Object(
  {
    reason: Type.String({
      minLength: 1,
      maxLength: 200,
      format: 'plain-text',
      description: 'Shown to the holder. 1 to 200 characters.',
    }),
    graceMs: Type.Optional(
      DurationMs(
        1,
        MAX_LEASE_MS,
        'The lease is ended after this time. Default: it is only asked for.',
      ),
    ),
    force: Type.Boolean({ default: false, description: 'End the lease now. Default false.' }),
    fence: Type.Optional({
      ...Fence,
      description: 'Only the lease with this fence. Default: all holders.',
    }),
    clearLockDelay: Type.Boolean({
      default: false,
      description:
        'Free the name at once: end its lock delay, and begin none after `force`. Default false.',
    }),
  },
  {
    title: 'RevokeLockRequest',
    additionalProperties: false,
    examples: [{ reason: 'maintenance', graceMs: 10_000 }],
  },
)

export const LockRevocation = Type.Object(
  {
    revoked: Count(10_000, 'Tokens whose lease has ended, 0 to 10000.'),
    asked: Count(10_000, 'Tokens whose holders are asked to give way, 0 to 10000.'),
  },
  {
    title: 'LockRevocation',
    description: 'How many tokens were revoked, or asked for.',
    examples: [
      { revoked: 0, asked: 1 },
      { revoked: 1, asked: 0 },
    ],
  },
)
