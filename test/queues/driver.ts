import type { Harness } from '../support/harness.js'

/** Calls of one queue of the API. */
export function queueDriver(harness: Harness, name: string) {
  const at = `/v1/queues/${name}`
  const post = (path: string, body: object = {}) =>
    harness.request('post', `${at}/${path}`).send(body)
  return {
    at,
    post,
    get: () => harness.request('get', at),
    put: (settings: object) => harness.request('put', at).send(settings),
    send: (...messages: readonly object[]) => post('messages', { messages }),
    /** Sends each body as JSON. @returns the ids */
    async sendBodies(...bodies: readonly unknown[]): Promise<string[]> {
      const messages = bodies.map((body) => ({ body }))
      const { body } = await post('messages', { messages }).expect(201)
      return body.messages.map(({ id }: { id: string }) => id)
    },
    /** The messages of one receive. */
    async receive(body: object = {}): Promise<Received[]> {
      return (await post('receive', body).expect(200)).body.items
    },
    /** One message that must be there. */
    async take(body: object = {}): Promise<Received> {
      const [item] = (await post('receive', body).expect(200)).body.items
      if (!item) throw new Error(`${name} has no message`)
      return item
    },
    /** The statuses of a settle. */
    async settle(body: object): Promise<string[]> {
      const answer = await post('settle', body).expect(200)
      return answer.body.results.map(({ status }: { status: string }) => status)
    },
  }
}

export interface Received {
  readonly id: string
  readonly receipt: string
  readonly body: unknown
  readonly deliveries: number
  readonly failures: number
  readonly visibleForMs: number
}
