import Type, { type TObject, type TSchema } from 'typebox'
import type { ProblemSpec, ProblemSpecs } from './problems/spec.js'

const MEMBERS = {
  type: Type.String({ format: 'uri-reference', description: 'Page that explains the code.' }),
  title: Type.String({ description: 'The kind of error, in a few words.' }),
  status: Type.Integer({ minimum: 400, maximum: 599, description: 'The HTTP status.' }),
  detail: Type.String({ description: 'What happened to this request.' }),
  code: Type.String({
    title: 'ProblemCode',
    description: 'Stable name of the error; see docs/errors.md.',
  }),
  requestId: Type.String({ description: 'The id of the request in the log.' }),
  retryAfterMs: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'When to ask again, in milliseconds; Retry-After is this in whole seconds.',
    }),
  ),
}

const Problem = Type.Object(MEMBERS, {
  title: 'Problem',
  description: 'RFC 9457 problem details.',
})

/** The response entries, by status, of a route with these codes. */
export function toResponses(specs: ProblemSpecs, codes: readonly string[]) {
  const byStatus = new Map<number, string[]>()
  for (const code of codes) {
    const { status } = specs[code] as ProblemSpec
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [status, toResponse(specs, list)] as const),
  )
}

function toResponse(specs: ProblemSpecs, codes: readonly string[]) {
  const entries = codes.map((code) => [code, specs[code] as ProblemSpec] as const)
  return {
    description: entries.map(([code, { title }]) => `\`${code}\`: ${title}`).join('. '),
    content: {
      'application/problem+json': {
        schema: toSchema(entries.map(([, { members }]) => members)),
        examples: Object.fromEntries(
          entries.map(([code, spec]) => [code, { value: toExample(code, spec) }]),
        ),
      },
    },
  }
}

/** Problems with members of their own come first: the plain one describes them all. */
function toSchema(members: readonly (TObject | undefined)[]): TSchema {
  const own = new Set(members.filter((one) => one !== undefined))
  const typed: TSchema[] = [...own].map(withMembers)
  if (members.includes(undefined)) typed.push(Problem)
  return typed.length === 1
    ? (typed[0] as TSchema)
    : Type.Unsafe({ anyOf: typed, title: nameOf(typed) })
}

/** `LeaseEndedProblem` and the plain one make `LeaseEndedOrOtherProblem`. */
function nameOf(typed: readonly TSchema[]): string {
  const names = typed.map((one) => (one as { title?: string }).title ?? 'Untitled')
  const kinds = names.map((name) => (name === 'Problem' ? 'Other' : name.replace(/Problem$/, '')))
  return `${kinds.join('Or')}Problem`
}

function withMembers({ properties, ...options }: TObject): TObject {
  const { title, description } = options as { title?: string; description?: string }
  return Type.Object(
    { ...MEMBERS, ...properties },
    { ...(title && { title }), ...(description && { description }) },
  )
}

function toExample(code: string, { status, title, cause, members }: ProblemSpec) {
  const { examples = [] } = (members ?? {}) as { examples?: readonly object[] }
  return {
    type: `/errors/${code}`,
    title,
    status,
    detail: cause,
    code,
    requestId: 'req-1',
    ...examples[0],
  }
}
