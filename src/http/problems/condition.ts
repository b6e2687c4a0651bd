import Type from 'typebox'
import type { ProblemSpecs } from './spec.js'

/** For examples. */
export const FENCE = 1_795_223_400_123_456

export const FenceNumber = (description: string) =>
  Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description })

/** A change came with a condition, or should have. */
export const CONDITION_PROBLEMS = {
  'precondition-failed': {
    status: 412,
    title: 'The precondition does not hold',
    cause: 'If-Match or If-None-Match does not match the current version.',
    remedy: 'Read the current version and decide again.',
    retry: 'no',
    members: Type.Object(
      {
        etag: Type.Optional(
          Type.String({ description: 'Of the value that is there, if the answer names it.' }),
        ),
      },
      { title: 'PreconditionFailedProblem', examples: [{ etag: '"hp9ji8l5s0"' }] },
    ),
  },
  'fence-outdated': {
    status: 412,
    title: 'The fence is outdated',
    cause:
      'A change of the same thing came before with a higher fence of the lock: a later holder has it, or had it.',
    remedy: 'Acquire the lock again and read again, or give up.',
    retry: 'no',
    members: Type.Object(
      {
        name: Type.Optional(Type.String({ description: 'The name of the lock.' })),
        fence: Type.Optional(FenceNumber('The fence of the request.')),
        highest: Type.Optional(FenceNumber('The highest fence that came.')),
      },
      {
        title: 'FenceOutdatedProblem',
        examples: [{ name: 'nightly', fence: FENCE, highest: FENCE + 31_000_000 }],
      },
    ),
  },
  'precondition-required': {
    status: 428,
    title: 'A precondition is required',
    cause: 'The space accepts only conditional writes.',
    remedy: 'Send If-Match or If-None-Match.',
    retry: 'no',
  },
} as const satisfies ProblemSpecs
