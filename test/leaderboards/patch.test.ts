import { describe, expect, it } from 'vitest'
import { describeScript } from '../../src/leaderboards/boards/scripts.js'
import { DEFAULT_BOARD } from '../../src/leaderboards/config.js'
import { NEVER_MS } from '../../src/leaderboards/seasons/windows.js'
import { createLeaderboardStore } from '../../src/leaderboards/store.js'
import type { Binder } from '../../src/redis/binder.js'
import { useHarness } from '../support/harness.js'
import { boardDriver } from './driver.js'

const harness = useHarness()
/** An instance that learns of the boards from Redis. */
const other = useHarness()
const { path, put, patch, submitOne } = boardDriver(harness)

const get = (board: string) => harness.request('get', path(board))
const patchByOther = (board: string, settings: object) =>
  other.request('patch', path(board)).set('lockstep-namespace', harness.namespace).send(settings)

describe('PATCH', () => {
  it('sets the given settings, and keeps the others and the entries', async () => {
    const tiers = [{ name: 'gold', top: 3 }]
    const { body: before } = await put('part', { ties: 'last', maxMembers: 9 }).expect(201)
    await submitOne('part').expect(200)

    const { body, headers } = await patch('part', { ranking: 'ordinal', tiers }).expect(200)

    expect(body).toEqual({
      ...before,
      ranking: 'ordinal',
      tiers,
      version: expect.any(Number),
      currentSeason: { id: 'all', closed: false, total: 1 },
    })
    expect(body.version).toBeGreaterThan(before.version)
    const read = await get('part').expect(200)
    expect(read.body).toEqual(body)
    expect(read.headers.etag).toBe(headers.etag)
  })

  it('replaces a setting that has fields of its own as a whole', async () => {
    await put('whole', { season: { timeZone: 'Europe/Berlin', keep: 9 } }).expect(201)

    const { body } = await patch('whole', { season: { keep: 2 } }).expect(200)

    expect(body.season).toEqual({ every: 'none', timeZone: 'UTC', keep: 2 })
  })

  it('changes nothing, and keeps the version, if the settings are so already', async () => {
    const { body: before } = await put('same', { maxMembers: 9 }).expect(201)

    const { body } = await patch('same', { maxMembers: 9, op: 'best' }).expect(200)

    expect(body).toEqual(before)
  })

  it('changes only the version that If-Match names', async () => {
    const { headers: old } = await put('matched').expect(201)
    const { headers: present } = await put('matched', { maxMembers: 5 }).expect(200)
    const when = (tag: string) => patch('matched', { maxMembers: 6 }).set('if-match', tag)

    const { body } = await when(old.etag!).expect(412)
    expect(body.code).toBe('precondition-failed')
    await when('nonsense').expect(400)
    await patch('matched', { maxMembers: 6 }).set('if-none-match', '*').expect(412)
    expect((await get('matched')).body.maxMembers).toBe(5)

    expect((await when(present.etag!).expect(200)).body.maxMembers).toBe(6)
    await when('*').expect(200)
  })

  it('creates no board', async () => {
    for (const call of [patch, patchByOther]) {
      const { body } = await call('never', { maxMembers: 5 }).expect(404)
      expect(body.code).toBe('board-not-found')
    }
    await get('never').expect(404)
  })

  it('names every setting that is fixed while there are entries', async () => {
    await submitOne('fixed').expect(200)

    const { body } = await patch('fixed', { ranking: 'dense', ties: 'id', maxMembers: 5 }).expect(
      409,
    )

    expect(body.code).toBe('config-immutable')
    expect(body.changes).toEqual([
      { setting: 'ties', present: 'first', wanted: 'id' },
      { setting: 'ranking', present: 'competition', wanted: 'dense' },
    ])
    expect((await get('fixed')).body).not.toHaveProperty('maxMembers')
  })

  it.each([
    ['nothing', {}, ''],
    ['no body', undefined, ''],
    ['a setting that does not exist', { rank: 'dense' }, '/rank'],
    ['null', { maxMembers: null }, '/maxMembers'],
    ['a value out of bounds', { maxMembers: 0 }, '/maxMembers'],
    ['a name', { name: 'other' }, '/name'],
    ['a column without a name', { columns: [{}] }, '/columns/0/name'],
    ['a time zone of no place', { season: { timeZone: 'Mars/X' } }, '/season/timeZone'],
    ['what does not fit another setting', { op: 'incr' }, '/maxMembers'],
    ['a list', [{ op: 'set' }], ''],
  ])('refuses %s', async (_what, settings, pointer) => {
    await put('refusing', { maxMembers: 5 })

    const { body } = await patch('refusing', settings as object).expect(400)

    expect(body.errors[0]).toMatchObject({ in: 'body', pointer })
    expect((await get('refusing')).body).toMatchObject({ op: 'best', maxMembers: 5 })
  })

  it('loses no change of many callers at once', async () => {
    await put('contended').expect(201)
    const columns = Array.from({ length: 5 }, (_, at) => ({ name: `c${at}` }))
    const settings = [
      { columns },
      { op: 'set' },
      { ties: 'last' },
      { ranking: 'modified' },
      { season: { keep: 7 } },
      { maxMembers: 70 },
      { memberTtlMs: 70_000 },
      { ttlMs: 70_000 },
      { tiers: [{ name: 'gold', top: 7 }] },
      { bounds: {} },
    ]

    const answers = await Promise.all(
      settings.flatMap((one) => [patch('contended', one), patchByOther('contended', one)]),
    )

    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    for (const [at, { body }] of answers.entries()) {
      expect(body).toMatchObject(settings[Math.floor(at / 2)]!)
    }
    const { body } = await get('contended').expect(200)
    for (const one of settings) expect(body).toMatchObject(one)
  })
})

describe('the source of a board', () => {
  it('is its first submission until a PUT or PATCH changes it', async () => {
    await submitOne('sourced').expect(200)
    const { body } = await get('sourced').expect(200)
    expect(body.source).toBe('template')

    // Nothing changes, so the settings are still the ones of the first submission.
    expect((await patch('sourced', { op: 'best' }).expect(200)).body.source).toBe('template')
    expect((await patch('sourced', { maxMembers: 5 }).expect(200)).body.source).toBe('api')
    expect((await get('sourced')).body.source).toBe('api')
    expect((await put('put').expect(201)).body.source).toBe('api')
    expect((await get('put')).body.source).toBe('api')
  })
})

describe('a change that another caller follows before it is answered', () => {
  const change = async (board: string, meanwhile: () => Promise<unknown>) => {
    const binder: Binder = {
      ...harness.binder,
      bind: (script) => {
        const run = harness.binder.bind(script)
        if ((script as object) !== describeScript) return run
        return async (keys, args) => {
          await meanwhile()
          return run(keys, args)
        }
      },
    }
    const config = { ...DEFAULT_BOARD, maxMembers: 5 }
    const outcome = await createLeaderboardStore({ binder }).configure(
      harness.namespace,
      board,
      config,
    )
    if (!('board' in outcome)) throw new Error(`it is ${outcome.kind}`)
    expect(outcome.board).toMatchObject({ config, source: 'api' })
    return outcome.board
  }

  it('is answered with its own settings and version after another change', async () => {
    const { version } = await change('followed', () => put('followed', { maxMembers: 6 }))

    const { body } = await get('followed').expect(200)
    expect(body.maxMembers).toBe(6)
    expect(Number(version)).toBeLessThan(body.version)
  })

  it('is answered with an empty season after a deletion', async () => {
    const { season } = await change('gone', () => harness.request('delete', path('gone')))

    expect(season).toEqual({ id: 'all', endMs: NEVER_MS, total: 0, closed: false })
    await get('gone').expect(404)
  })
})
