import { writeFileSync } from 'node:fs'
import path from 'node:path'
import Type from 'typebox'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { ConfigError } from '../../src/config/faults.js'
import { load } from '../../src/config/load.js'
import { printConfig } from '../../src/config/print.js'
import type { Sections } from '../../src/config/sections.js'
import { unknownVariables } from '../../src/config/variables.js'
import { loadConfig } from '../../src/config.js'
import { tempFolder } from '../support/temp-folder.js'
import { tokensYaml } from '../support/tokens.js'

function fileOf(text: string, name = 'lockstep.yaml'): string {
  const file = path.join(tempFolder(), name)
  writeFileSync(file, text)
  return file
}

const withFile = (text: string, more: Record<string, string> = {}) =>
  loadConfig({ LOCKSTEP_CONFIG_FILE: fileOf(text), ...more })

/** The lines of the error, without the folder of the file. */
function faultsOf(read: () => unknown): string[] {
  try {
    read()
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as Error).message.replace(/\/tmp\/[^/]+\//g, '').split('\n')
  }
  throw new Error('no fault was found')
}

it('uses the defaults without file and variables', () => {
  expect(loadConfig({})).toMatchObject({
    host: '127.0.0.1',
    port: 7700,
    definitions: { tokens: undefined },
  })
})

it('takes a value from the file, unless a variable sets it', () => {
  const text = 'port: 1\nlogLevel: warn\nallowedHosts: [a, b]\n'
  expect(withFile(text, { LOCKSTEP_PORT: '2' })).toMatchObject({
    port: 2,
    logLevel: 'warn',
    allowedHosts: ['a', 'b'],
  })
})

it('reports all faults at once, each with its place', () => {
  const text = 'host: 5\n\nprot: 1\ntokens:\n  - name: a\n    sha256: short\n    colour: red\n'
  const more = { LOCKSTEP_PORT: '99999', LOCKSTEP_LOG_SAMPLE: 'much' }
  expect(faultsOf(() => withFile(text, more)).sort()).toEqual([
    'LOCKSTEP_LOG_SAMPLE must be number',
    'LOCKSTEP_PORT must be at most 65535, not 99999',
    'lockstep.yaml:1: host must be string',
    'lockstep.yaml:3: prot is not a known field',
    'lockstep.yaml:5: tokens/0/namespaces is required',
    'lockstep.yaml:5: tokens/0/scopes is required',
    expect.stringMatching(/^lockstep.yaml:6: tokens\/0\/sha256 has the wrong form: SHA-256 /),
    'lockstep.yaml:7: tokens/0/colour is not a known field',
  ])
})

it.each([1, 7, 8, 9, 100])('refuses a section with %s unknown fields', (count) => {
  const fields = Array.from({ length: count }, (_, i) => `f${i}: 1`).join(', ')
  const found = faultsOf(() => withFile(`policies: { api: { limit: 1, windowMs: 1, ${fields} } }`))
  expect(found).toHaveLength(Math.min(count, 32))
  expect(found[0]).toBe('lockstep.yaml:1: policies/api/f0 is not a known field')
})

it('refuses a wrong value among a hundred unknown fields', () => {
  const fields = Array.from({ length: 100 }, (_, i) => `f${i}: 1`).join(', ')
  const token = `{ name: a, namespaces: ['*'], scopes: [everything], ${fields} }`
  expect(() => withFile(`tokens: [${token}]`)).toThrow(ConfigError)
})

it.each(['spaces', 'policies'])('names an invalid name of %s', (section) => {
  expect(faultsOf(() => withFile(`${section}:\n  a/b: {}\n`))).toContain(
    `lockstep.yaml:2: ${section}/a/b is not a known field`,
  )
})

it.each([
  ['no mapping', '- a\n- b\n', /must hold settings by name/],
  ['broken YAML', 'a: [1\n', /lockstep.yaml: .*line 2/],
  ['an alias of what is not there', 'a: *b\n', /lockstep.yaml: .*alias/],
  [
    'more aliases than a file needs',
    Array.from({ length: 9 }, (_, i) => `a${i}: &a${i} [${`*a${i - 1}, `.repeat(i && 9)}x]\n`).join(
      '',
    ),
    /lockstep.yaml: Excessive alias count/,
  ],
  ['a duplicate key', 'port: 1\nport: 2\n', /unique/],
])('refuses a file that is %s', (_what, text, message) => {
  expect(faultsOf(() => withFile(text)).join()).toMatch(message)
})

it('names a missing file', () => {
  expect(faultsOf(() => loadConfig({ LOCKSTEP_CONFIG_FILE: '/none/such.yaml' }))).toEqual([
    '/none/such.yaml cannot be read (ENOENT).',
  ])
})

it('reads a secret from a separate file', () => {
  const file = fileOf('redis://:secret@db\n', 'url')
  expect(loadConfig({ LOCKSTEP_REDIS_URL_FILE: file }).redisUrl).toBe('redis://:secret@db')
  const both = { LOCKSTEP_REDIS_URL_FILE: file, LOCKSTEP_REDIS_URL: 'redis://x' }
  expect(faultsOf(() => loadConfig(both))).toEqual([
    'LOCKSTEP_REDIS_URL and LOCKSTEP_REDIS_URL_FILE are both set: set one of them',
  ])
})

it('adds the tokens of a separate file', () => {
  const tokens = tokensYaml([{ token: 'a', scopes: ['admin'] }])
  const LOCKSTEP_TOKENS_FILE = fileOf(tokens, 'tokens.yaml')
  const config = withFile(tokensYaml([{ token: 'b', scopes: ['admin'] }]), { LOCKSTEP_TOKENS_FILE })
  expect(config.definitions.tokens?.map(({ name }) => name)).toEqual(['b', 'a'])
  expect(faultsOf(() => withFile(tokens, { LOCKSTEP_TOKENS_FILE }))).toEqual([
    'tokens is listed twice',
  ])
  const strange = fileOf('token: []', 'tokens.yaml')
  expect(faultsOf(() => loadConfig({ LOCKSTEP_TOKENS_FILE: strange }))).toEqual([
    'tokens.yaml:1: token is not a known field',
  ])
})

it('warns of an unknown variable, but not of those that Kubernetes injects', () => {
  const injected = {
    LOCKSTEP_PORT: 'tcp://10.0.0.1:7700',
    LOCKSTEP_SERVICE_HOST: '10.0.0.1',
    LOCKSTEP_SERVICE_PORT_HTTP: '7700',
    LOCKSTEP_PORT_7700_TCP_ADDR: '10.0.0.1',
  }
  const environment = { ...injected, LOCKSTEP_PROT: '1', LOCKSTEP_TEST_X: '', LOCKSTEP_HOST: '::1' }
  expect(unknownVariables(environment)).toEqual(['LOCKSTEP_PROT'])
  expect(loadConfig(injected).port).toBe(7700)
})

it('prints the configuration without passwords and whole digests', () => {
  const text = `redisUrl: redis://user:p@ss@db:1\n${tokensYaml([{ token: 'a', scopes: ['admin'] }])}`
  const printed = printConfig(withFile(text), () => 'hidden')
  expect(printed).not.toContain('p@ss')
  expect(parse(printed)).toMatchObject({ redisUrl: 'hidden', cacheRedisUrl: '', port: 7700 })
  expect(parse(printed).tokens[0].sha256).toMatch(/^[\da-f]{8}\.\.\.$/)
})

it('is frozen', () => {
  const config = withFile(tokensYaml([{ token: 'a', scopes: ['admin'] }]))
  expect(() => (config.definitions.tokens as unknown[]).push({})).toThrow(TypeError)
  expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError)
})

it('lets a domain add a section with defaults and rules of its own', () => {
  const Policy = Type.Object(
    { limit: Type.Integer(), burst: Type.Integer({ default: 0 }) },
    { default: {} },
  )
  const sections = {
    policies: {
      schema: Type.Record(Type.String(), Policy, { default: {} }),
      check: (policies) =>
        Object.entries(policies as Record<string, { limit: number; burst: number }>)
          .filter(([, { limit, burst }]) => burst > limit)
          .map(([name]) => ({ pointer: `/${name}/burst`, message: 'is above the limit' })),
    },
  } satisfies Sections
  const read = (text: string) => load({ LOCKSTEP_CONFIG_FILE: fileOf(text) }, sections)

  expect(load({}, sections).definitions.policies).toEqual({})
  expect(read('policies: { api: { limit: 5 } }').definitions.policies).toEqual({
    api: { limit: 5, burst: 0 },
  })
  expect(faultsOf(() => read('policies:\n  api:\n    limit: 5\n    burst: 6'))).toEqual([
    'lockstep.yaml:4: policies/api/burst is above the limit',
  ])
})
