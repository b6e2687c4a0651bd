import type { operations } from './api.js'
import { LockstepError } from './errors.js'
import { OPERATIONS } from './operations.js'
import type { Answer, CallOptions, Send } from './transport.js'

type Operations = operations

export type Operation = keyof Operations

type BodyOf<O> = O extends { requestBody: { content: infer C } }
  ? { readonly body: C[keyof C] }
  : O extends { requestBody?: { content: infer C } }
    ? { readonly body?: C[keyof C] }
    : { readonly body?: never }

/** Path, query, headers and body of an operation. */
export type Input<K extends Operation> = Pick<
  Operations[K]['parameters'],
  'path' | 'query' | 'header'
> &
  BodyOf<Operations[K]>

type JsonOf<R> = R extends { content: { 'application/json': infer T } } ? T : undefined

/** What an operation answers, `undefined` where that is not JSON. */
export type Output<K extends Operation> = JsonOf<
  Operations[K]['responses'][keyof Operations[K]['responses']]
>

/** An answer with its parsed body. */
export interface JsonAnswer<T> extends Answer {
  readonly json: T
}

export type Call = <K extends Operation>(
  operation: K,
  input: Input<K>,
  options?: CallOptions,
) => Promise<JsonAnswer<Output<K>>>

interface AnyInput {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Calls any operation by its name in openapi.yaml. */
export function createCall(send: Send): Call {
  return async (operation, input, options) => {
    const [method, template, repeat] = OPERATIONS[operation]
    const { path = {}, query, header, body } = input as AnyInput
    const filled = template.replace(/\{(\w+)\}/g, (_, name) => segmentOf(path[name] ?? ''))
    const request = {
      method,
      path: filled + searchOf(query),
      repeat,
      isRaw: RAW.includes(operation),
    }
    const isBytes = body instanceof Uint8Array
    const type = body === undefined || isBytes ? {} : { 'content-type': 'application/json' }
    const waitMs = Number(query?.waitMs ?? (body as { waitMs?: number } | undefined)?.waitMs ?? 0)
    const sent = isBytes ? body : JSON.stringify(body, bigintAsText)
    const headers = { ...type, ...header }
    const answer = await send({ ...request, headers, waitMs, ...(sent && { body: sent }) }, options)
    return { ...answer, json: jsonOf(answer) }
  }
}

const RAW: readonly string[] = ['getCacheEntry', 'putCacheEntry', 'exportLeaderboard']

/** No name may lead to another path: that of an entry `..` is the one of its board. */
function segmentOf(name: string): string {
  if (!['', '.', '..'].includes(name)) return encodeURIComponent(name)
  const refusal = { type: '/errors/invalid-request', title: 'Invalid request', requestId: '' }
  const detail = `"${name}" is no name`
  throw new LockstepError({ ...refusal, status: 400, code: 'invalid-request', detail })
}

function searchOf(query: Readonly<Record<string, unknown>> = {}): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name}=${encodeURIComponent(String(one))}`),
  )
  return parts.length > 0 ? `?${parts.join('&')}` : ''
}

/** Integers beyond 2^53 are text in this API. */
const bigintAsText = (_: string, value: unknown) =>
  typeof value === 'bigint' ? String(value) : value

// biome-ignore lint/suspicious/noExplicitAny: the schema of the operation is its type
function jsonOf({ headers, bytes }: Answer): any {
  if (!headers.get('content-type')?.startsWith('application/json')) return undefined
  return JSON.parse(new TextDecoder().decode(bytes))
}
