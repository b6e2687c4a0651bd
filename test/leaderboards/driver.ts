import type { Harness } from '../support/harness.js'

/** Calls of the leaderboards API. */
export function boardDriver(harness: Harness) {
  const path = (board: string, rest = '') => `/v1/leaderboards/${board}${rest}`
  const page = async (board: string, query = '') =>
    (await harness.request('get', path(board, `/entries${query}`)).expect(200)).body

  return {
    path,
    put: (board: string, settings: object = {}) =>
      harness.request('put', path(board)).send(settings),
    patch: (board: string, settings: object = {}) =>
      harness.request('patch', path(board)).send(settings),
    submit: (board: string, ...entries: object[]) =>
      harness.request('post', path(board, '/scores')).send({ entries }),
    /** Creates a board with one entry. */
    submitOne: (board: string) =>
      harness
        .request('post', path(board, '/scores'))
        .send({ entries: [{ member: 'a', score: 1 }] }),
    entry: (board: string, member: string) =>
      harness.request('get', path(board, `/entries/${encodeURIComponent(member)}`)),
    page,
    /** The members of a page, in its order. */
    order: async (board: string, query = '?limit=1000'): Promise<string[]> =>
      (await page(board, query)).items.map(({ member }: { member: string }) => member),
  }
}
