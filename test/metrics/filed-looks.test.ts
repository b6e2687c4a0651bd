import { expect, it } from 'vitest'
import { FiledLooks } from '../../src/metrics/filed-looks.js'

/** Looks into one thing of the configuration file, which contains the name of its namespace. */
function open(contentOf = async (namespace: string) => namespace) {
  const clock = { us: 0 }
  const looked: string[] = []
  const documents = { isInFile: (name: string) => name === 'filed', settingsOf: () => ({}) }
  const looks = new FiledLooks<object, string>({
    documents,
    definitions: { current: () => ({ filed: {} }) },
    contentOf({ namespace, name }) {
      looked.push(`${namespace}/${name}`)
      return contentOf(namespace)
    },
    clockOffsetUs: () => clock.us,
  })
  const { settingsOf } = looks.noting({
    ...documents,
    settingsOf: (_namespace: string, _name: string) => ({}),
  })
  return { clock, looked, looks, use: settingsOf }
}

it('looks once for all that ask within five seconds', async () => {
  const { clock, looked, looks, use } = open()
  use('a', 'filed')
  use('a', 'filed')
  const found = looks.read()
  expect(looks.read()).toBe(found)
  expect(await found).toEqual([{ name: 'filed', contents: ['a'] }])
  expect(looked).toEqual(['a/filed'])

  use('b', 'filed')
  clock.us = 5_000_000
  expect(await looks.read()).toEqual([{ name: 'filed', contents: ['a', 'b'] }])
  expect(looked).toHaveLength(3)
})

it('looks into things of the file alone, in 64 namespaces at most', async () => {
  const { looked, looks, use } = open()
  use('a', 'other')
  for (let i = 0; i < 70; i++) use(`n${i}`, 'filed')
  await looks.read()
  expect(looked).toEqual(Array.from({ length: 64 }, (_, i) => `n${i}/filed`))
})

it('finds nothing while Redis does not answer', async () => {
  const { looks, use } = open(() => Promise.reject(new Error('away')))
  use('a', 'filed')
  expect(await looks.read()).toEqual([])
})
