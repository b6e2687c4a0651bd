import Type from 'typebox'
import type { ProblemSpec, ProblemSpecs } from './problems/spec.js'

const ProblemDetails = Type.Object(
  {
    type: Type.String({ format: 'uri-reference', description: 'Page that explains the code.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What happened to this request.' }),
    code: Type.String({ description: 'Stable name of the error; see docs/errors.md.' }),
    requestId: Type.String(),
  },
  { additionalProperties: true, description: 'RFC 9457 problem details' },
)

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
        schema: ProblemDetails,
        examples: Object.fromEntries(
          entries.map(([code, spec]) => [code, { value: toExample(code, spec) }]),
        ),
      },
    },
  }
}

const toExample = (code: string, { status, title, cause, members }: ProblemSpec) => ({
  type: `/errors/${code}`,
  title,
  status,
  detail: cause,
  code,
  requestId: 'req-1',
  ...members,
})
