import { type Answer, keyIn, type TestOrigin, useOrigin } from './test-origin.js'

/** A write that reached the origin. */
export interface Arrived {
  readonly method: string
  readonly key: string
  readonly body: string
  readonly headers: Readonly<Record<string, unknown>>
}

export interface WritableOrigin extends TestOrigin {
  readonly values: Map<string, string>
  /** In their order. */
  readonly writes: readonly Arrived[]
  /** What it does with a write instead of taking it. */
  onWrite: Answer | undefined
  /** Takes a write: also one that it had not answered. */
  apply(write: Arrived): void
}

/** An origin that keeps what it is given, until the end of the test. */
export async function useWritableOrigin(): Promise<WritableOrigin> {
  const values = new Map<string, string>()
  const writes: Arrived[] = []
  const apply = ({ method, key, body }: Arrived) => {
    if (method === 'PUT') values.set(key, body)
    else values.delete(key)
  }
  const origin: WritableOrigin = Object.assign(await useOrigin(), {
    values,
    writes,
    onWrite: undefined as Answer | undefined,
    apply,
  })
  origin.answer = (request, response) => {
    const { method = '', headers } = request
    const key = keyIn(request.url)
    if (method === 'GET') {
      const value = values.get(key)
      response.writeHead(value === undefined ? 404 : 200, { 'content-type': 'text/plain' })
      return void response.end(value)
    }
    let body = ''
    request.setEncoding('utf8').on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      const write = { method, key, body, headers }
      writes.push(write)
      if (origin.onWrite) return origin.onWrite(request, response)
      const isNew = !values.has(key)
      apply(write)
      return void response.writeHead(method === 'PUT' && isNew ? 201 : 204).end()
    })
  }
  return origin
}
