import Type from 'typebox'
import { expect, it } from 'vitest'
import { loadConfig, scopesOf } from '../src/config.js'
import { type Domain, defineDomain } from '../src/domain.js'
import { DOMAINS } from '../src/domains.js'
import { collectProblems } from '../src/http/problem-codes.js'
import { locks } from '../src/locks/domain.js'

const demo = defineDomain({
  name: 'demo',
  description: 'Shows what a domain provides',
  scopes: ['locks:read'],
  problems: {},
  section: {
    name: 'demo',
    schema: Type.Object({ greeting: Type.String() }, { default: { greeting: 'hello' } }),
  },
  create: ({ definitions }) => ({
    async routes(app) {
      app.get('/demo', { config: { scope: 'locks:read' } }, () => definitions.current())
    },
  }),
})

it('reads the section of every domain', () => {
  const config = loadConfig({}, [demo as Domain])
  expect(config.definitions).toMatchObject({ demo: { greeting: 'hello' } })
})

it('collects the scopes of every domain', () => {
  expect(scopesOf(DOMAINS)).toContain('leaderboards:write')
  expect(scopesOf([])).toEqual(['operations:read', 'admin'])
})

it('refuses two domains that define one error', () => {
  expect(() => collectProblems([locks, locks])).toThrow('two domains define the problem lock-held')
})
