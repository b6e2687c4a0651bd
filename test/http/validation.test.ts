import Type from 'typebox'
import { expect, it } from 'vitest'
import { compileValidator } from '../../src/http/validation.js'

const closed = { additionalProperties: false } as const
const Item = Type.Object(
  { key: Type.String(), cost: Type.Integer({ default: 1 }), note: Type.Optional(Type.String()) },
  closed,
)
const Body = Type.Object(
  {
    items: Type.Optional(Type.Array(Item, { maxItems: 2 })),
    inner: Type.Optional(Type.Object({ open: Type.Object({}), closed: Type.Object({}, closed) })),
    either: Type.Optional(Type.Union([Type.Null(), Item])),
    mode: Type.String({ default: 'all' }),
  },
  closed,
)

const validate = compileValidator({ schema: Body, httpPart: 'body', method: 'POST', url: '/' })
const check = (json: string | undefined) => {
  const input = json === undefined ? undefined : JSON.parse(json)
  const result = validate(input) as { value?: unknown; error?: { pointer: string }[] } | true
  if (result === true) return input
  return result.error ? result.error.map(({ pointer }) => pointer) : result.value
}

it('fills defaults in, also of items', () => {
  expect(check(undefined)).toEqual({ mode: 'all' })
  expect(check('{"items":[{"key":"a"},{"key":"b","cost":2}]}')).toEqual({
    items: [
      { key: 'a', cost: 1 },
      { key: 'b', cost: 2 },
    ],
    mode: 'all',
  })
})

it.each([
  ['{"other":1}', '/other'],
  ['{"__proto__":{"mode":"all"}}', '/__proto__'],
  ['{"items":[{"key":"a","other":1}]}', '/items/0/other'],
  ['{"items":[{"key":"a","cost":1,"__proto__":{}}]}', '/items/0/__proto__'],
  ['{"inner":{"open":{},"closed":{"other":1}}}', '/inner/closed/other'],
  ['{"either":{"key":"a","cost":1,"other":1}}', '/either/other'],
  ['{"items":[{"cost":1}]}', '/items/0/key'],
  ['{"items":{"0":1}}', '/items'],
  ['{"items":[1]}', '/items/0'],
  ['[]', ''],
])('refuses %s at "%s"', (json, pointer) => {
  expect(check(json)).toEqual([pointer])
})

it.each(['{"inner":{"open":{"other":1},"closed":{}}}', '{"either":null}', '{"items":[]}'])(
  'accepts %s',
  (json) => {
    expect(check(json)).toEqual({ ...JSON.parse(json), mode: 'all' })
  },
)

it('makes an object of each default, so that no value is filled in for another', () => {
  const schema = Type.Object({
    season: Type.Object({ keep: Type.Integer({ default: 4 }) }, { default: {} }),
  })
  const fill = compileValidator({ schema, httpPart: 'body', method: 'POST', url: '/' })
  const [one, other] = [{}, {}] as [{ season?: object }, { season?: object }]
  for (const value of [one, other]) expect(fill(value)).toBe(true)
  expect(one).toEqual({ season: { keep: 4 } })
  expect(one.season).not.toBe(other.season)
  expect(schema.properties.season).toMatchObject({ default: {} })
})

it.each([
  ['limit', '5', 5],
  ['limit', '1.5', undefined],
  ['limit', '1e2', undefined],
  ['limit', 'true', undefined],
  ['limit', '', undefined],
  ['score', '-1.5', -1.5],
  ['score', '0x1', undefined],
  ['lease', 'true', true],
  ['lease', 'false', false],
  ['lease', '1', undefined],
  ['name', '5', '5'],
])('reads the query %s=%s as %s', (name, text, expected) => {
  const schema = Type.Partial(
    Type.Object({
      limit: Type.Integer(),
      score: Type.Number(),
      lease: Type.Boolean(),
      name: Type.String(),
    }),
  )
  const read = compileValidator({ schema, httpPart: 'querystring', method: 'GET', url: '/' })
  const query = { [name]: text } as Record<string, unknown>
  const result = read(query)
  if (expected === undefined) expect(result).toHaveProperty('error')
  else expect([result, query[name]]).toEqual([true, expected])
})
