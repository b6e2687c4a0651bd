import type supertest from 'supertest'
import type { Harness } from '../support/harness.js'
import { until } from '../support/until.js'

/** The body of a successful acquire. */
export interface Held {
  readonly token: string
  readonly fence: number
  readonly mode: string
  readonly expiresInMs: number
  readonly waitedMs: number
  readonly holdCount: number
}

/** Calls of the locks API. `at` is another instance, in the same namespace. */
export function lockDriver(harness: Harness) {
  const post = (path: string, body: object = {}, at = harness) =>
    at.request('post', `/v1/${path}`).set('lockstep-namespace', harness.namespace).send(body)
  const lock = (name: string, verb: string, body?: object, at?: Harness) =>
    post(`locks/${name}/${verb}`, body, at)
  const acquire = (name: string, body?: object, at?: Harness) => lock(name, 'acquire', body, at)
  const get = async (path: string) => (await harness.request('get', `/v1/${path}`).expect(200)).body
  const look = (name: string) => get(`locks/${name}`)

  return {
    post,
    lock,
    acquire,
    release: (name: string, token: string, at?: Harness) => lock(name, 'release', { token }, at),
    held: async (name: string, body?: object, at?: Harness) =>
      (await acquire(name, body, at).expect(200)).body as Held,
    /** Sends an acquire that waits for a minute, unless the body says how long. */
    waits: (name: string, body?: object, at?: Harness) =>
      start(acquire(name, { waitMs: 60_000, ...body }, at)),
    get,
    look,
    /** Waits until the queue of a lock or semaphore has this length. */
    queued: (name: string, length: number) =>
      until(`${length} wait`, async () => (await look(name)).queueLength === length),
    /** The Redis key of a part of a lock on the topology of the run. */
    keyOf: (part: string, name: string) =>
      `ls:{${harness.namespace}:${harness.lockTag(name)}}:${part}:${name}`,
  }
}

/** Sends a request: supertest sends on `then`. */
export const start = (test: supertest.Test) => test.then((response) => response)

/** The error code of a refused request. */
export const code = async (test: supertest.Test, status: number): Promise<string> =>
  (await test.expect(status)).body.code
