import type { FastifyReply } from 'fastify'
import Type from 'typebox'
import { toETag } from './etag.js'
import { type Problem, problem } from './problem.js'

/** Headers of a PUT or DELETE of something that is configured. */
export const DocumentHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({ description: 'Change only this version, or any with `*`.' }),
  ),
  'if-none-match': Type.Optional(Type.String({ description: '`*`: only where there is none.' })),
})

export const DocumentSource = Type.Enum(['api', 'file'], {
  description: 'What stands in the file cannot be changed.',
})

/** How a PUT can end that was not refused. */
export const PUT_PROBLEMS = ['precondition-failed', 'in-config-file', 'too-many-policies'] as const
export const REMOVE_PROBLEMS = ['precondition-failed', 'in-config-file'] as const

type Refusal = 'precondition-failed' | 'too-many' | 'in-file'

interface Versioned {
  readonly version: number
}

type PutOutcome<D extends Versioned> =
  | { readonly kind: 'created' | 'replaced' | 'unchanged'; readonly document: D }
  | { readonly kind: Refusal }

/**
 * Answers a PUT of something that is configured.
 * @param noun what it is: `policy`. Its name follows in every detail.
 * @returns the document as it stands now
 */
export function toPut<D extends Versioned>(
  reply: FastifyReply,
  outcome: PutOutcome<D>,
  noun: string,
  name: string,
): D {
  if (!('document' in outcome)) throw refused(outcome.kind, noun, name)
  reply.code(outcome.kind === 'created' ? 201 : 200)
  return withETag(reply, outcome.document)
}

export function withETag<D extends Versioned>(reply: FastifyReply, document: D): D {
  reply.header('etag', toETag(document.version))
  return document
}

/** The end of a DELETE, which is the same where nothing was. */
export function assertRemoved(
  outcome: 'removed' | 'missing' | Refusal,
  noun: string,
  name: string,
): void {
  if (outcome !== 'removed' && outcome !== 'missing') throw refused(outcome, noun, name)
}

function refused(refusal: Refusal, noun: string, name: string): Problem {
  switch (refusal) {
    case 'precondition-failed':
      return problem('precondition-failed', `The ${noun} ${name} has another version.`)
    case 'in-file':
      return problem('in-config-file', `The ${noun} ${name} stands in the configuration file.`)
    case 'too-many':
      return problem('too-many-policies', `The namespace has as many as it may of: ${noun}.`)
  }
}
