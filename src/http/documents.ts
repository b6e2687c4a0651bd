import type { FastifyReply, FastifyRequest } from 'fastify'
import Type, {
  type Static,
  type TObject,
  type TProperties,
  type TSchema,
  type TUnsafe,
} from 'typebox'
import { logChange } from './change-log.js'
import { toETag } from './etag.js'
import { type Problem, problem } from './problem.js'

/** Headers of a PUT, PATCH or DELETE of named configuration. */
export const DocumentHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({ description: 'Change only this version; `*`: any version.' }),
  ),
  'if-none-match': Type.Optional(Type.String({ description: '`*`: only if there is none.' })),
})

/**
 * The body of a PATCH: any of the fields of a PUT, at least one. Without their defaults: a field that is
 * not sent keeps its value.
 */
export const PatchOf = <T extends TProperties>(
  properties: T,
  options: { readonly title: string; readonly examples: object[] },
): TUnsafe<Partial<Static<TObject<T>>>> =>
  Type.Unsafe<Partial<Static<TObject<T>>>>(
    Type.Object(Object.fromEntries(Object.entries(properties).map(withoutDefault)), {
      ...options,
      additionalProperties: false,
      minProperties: 1,
    }),
  )

function withoutDefault([name, schema]: [string, TSchema]): [string, TSchema] {
  const { default: _, ...field } = schema as TSchema & { readonly default?: unknown }
  return [name, Type.Optional(field)]
}

export const DocumentSource = Type.Enum(['api', 'file'], {
  title: 'ConfigurationSource',
  description: '`file`: from the configuration file, which HTTP cannot change.',
})

export const PUT_PROBLEMS = ['precondition-failed', 'in-config-file', 'too-many-policies'] as const
export const REMOVE_PROBLEMS = ['precondition-failed', 'in-config-file'] as const

type Refusal = 'precondition-failed' | 'too-many' | 'in-file'

type Versioned = { readonly version: number }

type PutOutcome<D extends Versioned> =
  | {
      readonly kind: 'created' | 'replaced' | 'unchanged'
      readonly document: D
      readonly before: number
    }
  | { readonly kind: Refusal }

/**
 * Answers a PUT of named configuration, and logs the change.
 * @param noun what it is: `policy`
 * @returns the current document
 */
export const toPut = <D extends Versioned>(
  reply: FastifyReply,
  outcome: PutOutcome<D>,
  noun: string,
  name: string,
): D => toChanged(reply, outcome, noun, name, 'put')

/** The same for a PATCH. @returns undefined if there is none of this name */
export const toPatch = <D extends Versioned>(
  reply: FastifyReply,
  outcome: PutOutcome<D> | { readonly kind: 'missing' },
  noun: string,
  name: string,
): D | undefined =>
  outcome.kind === 'missing' ? undefined : toChanged(reply, outcome, noun, name, 'patch')

function toChanged<D extends Versioned>(
  reply: FastifyReply,
  outcome: PutOutcome<D>,
  noun: string,
  name: string,
  verb: 'put' | 'patch',
): D {
  if (!('document' in outcome)) throw refused(outcome.kind, noun, name)
  const { kind, document, before } = outcome
  if (kind !== 'unchanged') {
    const versions = { before, version: document.version }
    logChange(reply.request, `${noun}.${verb}`, { [noun]: name, ...versions })
  }
  reply.code(kind === 'created' ? 201 : 200)
  return withETag(reply, document)
}

export function withETag<D extends Versioned>(reply: FastifyReply, document: D): D {
  reply.header('etag', toETag(document.version))
  return document
}

/** Logs a DELETE, which succeeds as well if there was nothing. */
export function recordRemoval(
  request: FastifyRequest,
  outcome:
    | { readonly kind: 'removed'; readonly before: number }
    | { readonly kind: 'missing' | Refusal },
  noun: string,
  name: string,
): void {
  if (outcome.kind === 'removed') {
    logChange(request, `${noun}.delete`, { [noun]: name, before: outcome.before })
  } else if (outcome.kind !== 'missing') throw refused(outcome.kind, noun, name)
}

function refused(refusal: Refusal, noun: string, name: string): Problem {
  switch (refusal) {
    case 'precondition-failed':
      return problem('precondition-failed', `The ${noun} ${name} has another version.`)
    case 'in-file':
      return problem('in-config-file', `The configuration file defines the ${noun} ${name}.`)
    case 'too-many':
      return problem(
        'too-many-policies',
        `The namespace has the maximum number of documents: ${noun}.`,
      )
  }
}
