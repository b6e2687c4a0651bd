import Type, { type Static } from 'typebox'

/** One fault of a request, as `errors[]` of a 400 lists it. */
export const RequestFault = Type.Object(
  {
    in: Type.Enum(['body', 'query', 'path', 'header'], {
      title: 'RequestPart',
      description: 'The part of the request.',
    }),
    pointer: Type.String({
      description: 'JSON Pointer (RFC 6901) inside that part; "" is the whole part.',
    }),
    detail: Type.String({ description: 'What is wrong there.' }),
  },
  { title: 'RequestFault' },
)

export type RequestFault = Static<typeof RequestFault>

/** Fastify's names of the parts. */
const PARTS: Readonly<Record<string, RequestFault['in']>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
}

/** @param context as Fastify names it in an error of a validator */
export const partOf = (context = 'body'): RequestFault['in'] => PARTS[context] ?? 'body'

/** @param place part and pointer: `body/limits/0/cost` */
export function toRequestFault(place: string, detail: string): RequestFault {
  const slash = place.indexOf('/')
  const part = (slash < 0 ? place : place.slice(0, slash)) as RequestFault['in']
  return { in: part, pointer: slash < 0 ? '' : place.slice(slash), detail }
}

/** All faults in sentences, for `detail`. */
export const explainFaults = (faults: readonly RequestFault[]): string =>
  faults.map(({ detail, ...place }) => `${nameOf(place)} ${detail.replace(/\.$/, '')}.`).join(' ')

function nameOf({ in: part, pointer }: Omit<RequestFault, 'detail'>): string {
  const name = `\`${pointer.slice(1)}\``
  if (part === 'header') return `The header ${name}`
  const whole = part === 'query' ? 'query string' : part
  return pointer === '' ? `The ${whole}` : `${name} in the ${whole}`
}
