import Type, { type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { expect, it } from 'vitest'
import { exactlyOneOf, where } from '../../src/schema/exactly-one.js'
import { faultsOf } from '../../src/schema/faults.js'

const closed = { additionalProperties: false }
const Item = Type.Object({ key: Type.String(), ttlMs: Type.Optional(Type.Integer()) }, closed)
const Body = Type.Object(
  {
    items: Type.Optional(Type.Array(Item, { minItems: 1, maxItems: 3 })),
    kind: Type.Optional(Type.Enum(['a', 'b'])),
    l1: Type.Optional(Type.Union([Type.Literal('off'), Item])),
    names: Type.Optional(
      Type.Record(Type.String({ pattern: '^[a-z]+$' }), Type.Integer(), {
        additionalProperties: Type.Never(),
      }),
    ),
    open: Type.Optional(Type.Object({}, { additionalProperties: Type.Integer() })),
    any: Type.Optional(Type.Unknown()),
  },
  closed,
)

it.each<[string, unknown, [string, string][]]>([
  ['a value of another type', 5, [['', 'must be object']]],
  ['an unknown field', { x: 1 }, [['/x', 'is not a known field']]],
  [
    'a field named __proto__',
    JSON.parse('{"__proto__":1}'),
    [['/__proto__', 'is not a known field']],
  ],
  ['a name that a pointer escapes', { 'a/b~c': 1 }, [['/a~1b~0c', 'is not a known field']]],
  ['a missing field', { items: [{}] }, [['/items/0/key', 'is required']]],
  [
    'a wrong field of an item',
    { items: [{ key: 'a' }, { key: 1 }] },
    [['/items/1/key', 'must be string']],
  ],
  ['too few items', { items: [] }, [['/items', 'must not have fewer than 1 items']]],
  ['too many items', { items: [1, 2, 3, 4] }, [['/items', 'must not have more than 3 items']]],
  ['no choice', { kind: 'c' }, [['/kind', 'must be one of "a", "b"']]],
  ['no branch of a union', { l1: 'on' }, [['/l1', 'is none of the accepted forms']]],
  ['the object of a union', { l1: { key: 'a', x: 1 } }, [['/l1/x', 'is not a known field']]],
  ['a name that fits no pattern', { names: { A: 1 } }, [['/names/A', 'is not a known field']]],
  [
    'a value under a free name',
    { open: { a: 'x' }, names: { b: 'y' } },
    [
      ['/open/a', 'must be integer'],
      ['/names/b', 'must be integer'],
    ],
  ],
])('says what is wrong with %s', (_what, value, expected) => {
  expect(faultsOf(Body, value).map(({ pointer, message }) => [pointer, message])).toEqual(expected)
})

it.each<[string, object, [string, string][]]>([
  ['none', {}, [['', 'must have exactly one of a, b, c']]],
  ['one', { b: 1 }, []],
  ['two', { a: 1, c: 1 }, [['', 'must have exactly one of a, b, c']]],
  [
    'one, and a wrong field',
    { b: 'x', d: 1 },
    [
      ['/b', 'must be integer'],
      ['/d', 'is not a known field'],
    ],
  ],
])('distinguishes %s of several fields from exactly one', (_what, value, expected) => {
  const field = Type.Optional(Type.Integer())
  const fields = { a: field, b: field, c: field }
  const schema = Type.Object(fields, { ...closed, ...exactlyOneOf('a', 'b', 'c') })
  expect(Value.Check(schema, value)).toBe(expected.length === 0)
  const faults = expected.length === 0 ? [] : faultsOf(schema, value)
  expect(faults.map(({ pointer, message }) => [pointer, message])).toEqual(expected)
})

it.each<[object, number]>([
  [{ kind: 'set', a: 0 }, 1],
  [{ kind: 'set', a: 0, b: false }, 1],
  [{ kind: 'set', b: true }, 1],
  [{ kind: 'set' }, 0],
  [{ kind: 'set', b: false }, 0],
  [{ kind: 'set', a: 0, b: true }, 2],
  [{ kind: 'get' }, 1],
  [{ kind: 'get', a: 0, b: true }, 1],
])('takes a field of one value alone, where another has one: %j', (value, found) => {
  const fields = {
    kind: Type.Enum(['set', 'get']),
    a: Type.Optional(Type.Unknown()),
    b: Type.Optional(Type.Boolean()),
  }
  const rule = where('kind', 'set', exactlyOneOf('a', { field: 'b', is: true }))
  const schema = Type.Object(fields, { ...closed, ...rule })
  expect(Value.Check(schema, value)).toBe(found === 1)
  if (found === 1) return
  expect(faultsOf(schema, value)).toEqual([
    { pointer: '', message: 'must have exactly one of a, b: true' },
  ])
})

it('uses the message of TypeBox for other rules', () => {
  const schema = Type.Object({}, { minProperties: 1 })
  expect(faultsOf(schema, {})).toEqual([expect.objectContaining({ pointer: '' })])
})

/** Throws if it is read. */
const untouchable = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new Error('looked into')
    },
  },
)

it.each<[string, TSchema, unknown]>([
  ['a list that is too long', Body, { items: Array(4).fill(untouchable) }],
  [
    'what follows enough faults',
    Type.Array(Item),
    [...Array(32).fill({ x: 1 }), ...Array(10).fill(untouchable)],
  ],
  ['an unknown field', Body, { x: untouchable }],
])('does not look into %s', (_what, schema, value) => {
  const faults = faultsOf(schema, value)
  expect(faults.length).toBeGreaterThan(0)
  expect(faults.length).toBeLessThanOrEqual(32)
})
