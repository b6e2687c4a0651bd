import { expect, it, vi } from 'vitest'
import { type Harness, useHarness } from '../support/harness.js'

const one = useHarness()
const two = useHarness()

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/** A call that must succeed. */
const call = (by: Harness, method: Method, path: string, body?: object) =>
  by
    .request(method, `/v1${path}`)
    .set('lockstep-namespace', one.namespace)
    .send(body)
    .expect(({ status }) => expect(status).toBeLessThan(300))

/** Number of scripts that an instance sends for this namespace; each is one round trip. */
async function tripsOf(by: Harness, method: Method, path: string, body?: object): Promise<number> {
  const sent = vi.spyOn(by.connection.client, 'sendCommand')
  try {
    await call(by, method, path, body)
    return sent.mock.calls.filter(([{ name, args }]) => {
      return name === 'evalsha' && String(args[2]).includes(one.namespace)
    }).length
  } finally {
    sent.mockRestore()
  }
}

const SEASONS = { season: { every: 'daily' }, ranking: 'dense', memberTtlMs: 86_400_000 }
const many = Array.from({ length: 20 }, (_, at) => ({ member: `m${at}`, score: at }))

const CALLS: [what: string, method: Method, path: string, body: object | undefined][] = [
  ['a submission', 'post', '/scores', { entries: [{ member: 'ada', score: 5 }] }],
  ['a submission of 20 entries', 'post', '/scores', { entries: many }],
  ['a page', 'get', '/entries?limit=100', undefined],
  ['a page from the worst', 'get', '/entries?startWith=worst', undefined],
  ['a range of scores', 'get', '/entries?minScore=2&maxScore=90', undefined],
  ['a member', 'get', '/entries/ada', undefined],
  ['the neighbours of a member', 'get', '/entries/ada/around?count=50', undefined],
  ['a query for members', 'post', '/query', { members: many.map(({ member }) => member) }],
  ['a query for a score', 'post', '/query', { score: 4 }],
  ['a query for a percentile', 'post', '/query', { percentile: 90 }],
  ['hiding a member', 'post', '/hide', { member: 'ada' }],
  ['showing it again', 'post', '/unhide', { member: 'ada' }],
  ['the board', 'get', '', undefined],
  ['its seasons', 'get', '/seasons', undefined],
  ['an export of one page', 'get', '/export', undefined],
  ['removing a member', 'delete', '/entries/ada', undefined],
  ['closing the season', 'post', '/close', {}],
]

it.each(CALLS)('%s takes one round trip', async (_what, method, path, body) => {
  const board = '/leaderboards/known'
  await call(one, 'put', board, SEASONS)
  await call(one, 'get', board)

  expect(await tripsOf(one, method, `${board}${path}`, body)).toBe(1)
})

it.each(CALLS)(
  '%s takes two where the configuration has changed',
  async (what, method, path, body) => {
    const board = `/leaderboards/changed-${what.replaceAll(' ', '-')}`
    await call(one, 'put', board, SEASONS)
    await call(one, 'post', `${board}/scores`, { entries: [{ member: 'ada', score: 5 }] })
    await call(two, 'get', board)
    await call(one, 'put', board, { ...SEASONS, maxMembers: 500 })

    expect(await tripsOf(two, method, `${board}${path}`, body)).toBe(2)
  },
)

it('erases a member of every board with one call each after the list of boards', async () => {
  const submission = { member: 'bob', boards: [{ board: 'known-2', score: 1 }] }
  await call(one, 'post', '/leaderboard-submissions', submission)
  await call(one, 'get', '/members/bob/leaderboards')
  await call(two, 'get', '/members/bob/leaderboards')

  expect(await tripsOf(one, 'post', '/leaderboard-submissions', submission)).toBe(1)
  const { body } = await call(one, 'get', '/leaderboards')
  const boards = body.items.length
  const erasing = await tripsOf(two, 'post', '/members/bob/erase')
  expect(erasing).toBeLessThanOrEqual(1 + boards)
})

it('lists a board before and after its first write, in case a delete runs at the same time', async () => {
  const submission = { entries: [{ member: 'ada', score: 5 }] }

  expect(await tripsOf(one, 'post', '/leaderboards/new/scores', submission)).toBe(3)
  expect(await tripsOf(one, 'post', '/leaderboards/new/scores', submission)).toBe(1)
  // An instance that has not seen the board cannot know that it is listed.
  expect(await tripsOf(two, 'post', '/leaderboards/new/scores', submission)).toBe(3)
  expect(await tripsOf(two, 'post', '/leaderboards/new/scores', submission)).toBe(1)
})
