import type { Harness } from '../support/harness.js'

/** Calls of one stream of the API. */
export function streamDriver(harness: Harness, name: string) {
  const at = `/v1/streams/${name}`
  const get = (query: object = {}) => harness.request('get', `${at}/entries`).query(query)
  return {
    at,
    get,
    put: (settings: object) => harness.request('put', at).send(settings),
    append: (...entries: readonly object[]) =>
      harness.request('post', `${at}/entries`).send({ entries }),
    /** Calls of one of its groups. */
    group(group: string) {
      const path = `${at}/groups/${group}`
      return {
        at: path,
        put: (settings: object = {}) => harness.request('put', path).send(settings),
        get: () => harness.request('get', path),
        remove: () => harness.request('delete', path),
        post: (call: string, body: object = {}) =>
          harness.request('post', `${path}/${call}`).send(body),
      }
    },
    /** Appends each as the data of an event. @returns the ids */
    async appendData(...all: readonly unknown[]): Promise<string[]> {
      const entries = all.map((data) => ({ event: 'e', data }))
      const { body } = await harness.request('post', `${at}/entries`).send({ entries }).expect(201)
      return body.entries.map(({ id }: { id: string }) => id)
    },
    /** The data of a page. */
    async data(query: object = {}): Promise<unknown[]> {
      const { body } = await get(query).expect(200)
      return body.items.map(({ data }: { data: unknown }) => data)
    },
  }
}
