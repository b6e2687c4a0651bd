import fc from 'fast-check'
import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { BoardModel, type ModelColumn, type ModelOp, type ModelScore } from './model.js'

const harness = useHarness()

const MEMBERS = ['a', 'b', 'c', 'd', 'é', '{x}', 'Z', '7', 'zz', 'aa']

/**
 * Neighbours beyond 2^53 share one double, so only exact bytes distinguish them. Half of the scores
 * are 0 or 1, so that members tie.
 */
const int64 = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0n, 1n) },
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, -1n, 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n - 2n),
  fc.constantFrom(-(2n ** 63n), -(2n ** 63n) + 1n, -(2n ** 53n) - 1n, -(2n ** 53n)),
)
const double = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 1) },
  fc.constantFrom(0, 1, -1, 0.1, -0.1, 1.5, 5e-324, -5e-324, 1e300, -1e300, 1e15),
  fc.integer({ min: -3, max: 3 }),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value))
    .map((value) => (value === 0 ? 0 : value)),
)

const column = fc.record({
  order: fc.constantFrom('asc' as const, 'desc' as const),
  type: fc.constantFrom('number' as const, 'int64' as const),
})

const board = fc
  .record({
    columns: fc
      .array(column, { minLength: 1, maxLength: 3 })
      .map((columns) => columns.map((one, at): ModelColumn => ({ ...one, name: `c${at}` }))),
    ties: fc.constantFrom('first' as const, 'last' as const, 'id' as const),
    ranking: fc.constantFrom('competition', 'dense', 'ordinal', 'modified') as fc.Arbitrary<
      'competition' | 'dense' | 'ordinal' | 'modified'
    >,
  })
  .chain((config) =>
    fc.record({
      config: fc.constant(config),
      steps: fc.array(
        fc.record({
          member: fc.constantFrom(...MEMBERS),
          op: fc.constantFrom<ModelOp | 'delete'>('best', 'set', 'incr', 'min', 'max', 'delete'),
          scores: fc.tuple(
            ...config.columns.map(({ type }) => (type === 'int64' ? int64 : double)),
          ),
        }),
        { minLength: 1, maxLength: 25 },
      ),
    }),
  )

const toJson = (score: ModelScore) =>
  typeof score === 'bigint'
    ? `${score}`
    : Number.isInteger(score) && !Number.isSafeInteger(score)
      ? `${score}`
      : score

let boards = 0

it('does what a sorted array does', async () => {
  await fc.assert(
    fc.asyncProperty(board, async ({ config, steps }) => {
      const name = `model-${boards++}`
      const path = `/v1/leaderboards/${name}`
      const model = new BoardModel(config.columns, config.ties)
      const one = config.columns.length === 1
      const shown = (scores: readonly ModelScore[]) =>
        one ? { score: shownScore(scores[0]!) } : { scores: scores.map(shownScore) }
      await harness.request('put', path).send(config).expect(201)

      for (const { member, op, scores } of steps) {
        if (op === 'delete') {
          const url = `${path}/entries/${encodeURIComponent(member)}`
          await harness.request('delete', url).expect(204)
          model.remove(member)
          await harness.request('get', url).expect(404)
          continue
        }
        const previous = model.position(member) ? model.rank(member, config.ranking) : undefined
        const changed = model.submit(member, op, scores)
        const sent = scores.map(toJson)
        const entry = { member, op, ...(one ? { score: sent[0] } : { scores: sent }) }
        const { body } = await harness
          .request('post', `${path}/scores`)
          .send({ entries: [entry] })
          .expect(200)
        const result = body.results[0]
        expect(result.error).toBe(changed === undefined ? 'out-of-range' : undefined)
        expect(result.changed).toBe(changed === true)
        expect(result.previousRank).toBe(previous)
        expect(result.rank).toBe(model.rank(member, config.ranking))
        expect(result.percentile).toBeCloseTo(model.percentile(member), 9)
      }

      const rows = model.rows.map(({ member, scores }, at) => ({
        member,
        ...shown(scores),
        rank: model.rank(member, config.ranking),
        position: at + 1,
      }))
      const { body: all } = await harness.request('get', `${path}/entries?limit=1000`).expect(200)
      expect(all.items).toEqual(rows)
      const { body: worst } = await harness
        .request('get', `${path}/entries?limit=1000&startWith=worst`)
        .expect(200)
      expect(worst.items).toEqual(rows.toReversed())

      for (const startWith of ['best', 'worst']) {
        const seen: unknown[] = []
        let cursor: string | undefined = ''
        while (cursor !== undefined) {
          const at: string = cursor ? `&cursor=${cursor}` : ''
          const url = `${path}/entries?limit=3&startWith=${startWith}${at}`
          const { body } = await harness.request('get', url).expect(200)
          seen.push(...body.items)
          cursor = body.nextCursor
        }
        expect(seen).toEqual(startWith === 'best' ? rows : rows.toReversed())
      }

      for (const { member } of model.rows.slice(0, 3)) {
        for (const count of [1, 2, 5]) {
          const url = `${path}/entries/${encodeURIComponent(member)}/around?count=${count}`
          const { body } = await harness.request('get', url).expect(200)
          const around = body.items.map((entry: { member: string }) => entry.member)
          expect(around).toEqual(model.around(member, count))
        }
      }
    }),
    { numRuns: 60 },
  )
})

const shownScore = (score: ModelScore): number | string =>
  typeof score === 'bigint' ? `${score}` : score

it.each(['competition', 'dense', 'ordinal', 'modified'] as const)(
  'does so with more members than Redis keeps in a list, with %s ranks',
  async (ranking) => {
    const columns = [
      { name: 'a', order: 'desc', type: 'int64' },
      { name: 'b', order: 'asc', type: 'number' },
    ] as const
    const path = `/v1/leaderboards/large-${ranking}`
    await harness.request('put', path).send({ columns, ranking, op: 'set' }).expect(201)
    const model = new BoardModel(columns, 'first')
    const scores = fc.sample(fc.tuple(int64, double), { numRuns: 600, seed: 7 })
    const entries = scores.map((pair, at) => ({
      member: `m${at % 450}`,
      scores: pair.map(toJson),
    }))
    scores.forEach((pair, at) => void model.submit(`m${at % 450}`, 'set', pair))
    for (let at = 0; at < entries.length; at += 200) {
      const part = entries.slice(at, at + 200)
      await harness.request('post', `${path}/scores`).send({ entries: part }).expect(200)
    }

    const { body } = await harness.request('get', `${path}/entries?limit=1000`).expect(200)

    const rows = model.rows.map(({ member }, at) => [member, model.rank(member, ranking), at + 1])
    expect(
      body.items.map((row: Record<string, unknown>) => [row.member, row.rank, row.position]),
    ).toEqual(rows)
    const members = model.rows.map(({ member }) => member)
    const { body: found } = await harness.request('post', `${path}/query`).send({ members })
    for (const row of found.items) {
      expect([row.member, row.rank]).toEqual([row.member, model.rank(row.member, ranking)])
      expect(row.percentile).toBeCloseTo(model.percentile(row.member), 9)
    }
  },
)
