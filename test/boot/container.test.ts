import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { SETTINGS, variableOf } from '../../src/config/settings.js'
import { judge } from '../../src/redis/audit.js'
import { readFacts } from '../../src/redis/facts.js'
import { connect, start } from '../support/managed.js'

const PROJECT = path.resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(PROJECT, file), 'utf8')

const dockerfile = read('Dockerfile').replaceAll('\\\n', ' ')
const compose = parse(read('docker-compose.yml'))
const known = SETTINGS.map(([name]) => variableOf(name))

it('copies only what exists, and .dockerignore lets through what is copied', () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) =>
    sources!.split(' '),
  )
  expect(copied.length).toBeGreaterThan(4)
  const admitted = read('.dockerignore').split('\n')
  for (const source of copied) {
    expect(existsSync(path.join(PROJECT, source)), source).toBe(true)
    expect(admitted).toContain(`!${source}`)
  }
})

it('builds and runs on one base, which a build may replace', () => {
  expect(dockerfile).toMatch(/^ARG BASE=node:\d+-slim$/m)
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a Dockerfile variable, not a template
  expect(bases).toEqual(['${BASE}', '${BASE}'])
})

it('runs as an ordinary user, in exec form, so that SIGTERM reaches the service', () => {
  const last = dockerfile.split(/^FROM /m).at(-1)!
  expect(last).toMatch(/^USER node$/m)
  const [, command] = /^CMD (.+)$/m.exec(last) ?? []
  expect(JSON.parse(command!)).toEqual(['node', 'dist/main.js'])
  const [, health] = /^HEALTHCHECK .* CMD (.+)$/m.exec(last) ?? []
  expect(JSON.parse(health!)).toEqual(['node', 'dist/health.js'])
})

it('sets only variables that the service reads', () => {
  const set = [...dockerfile.matchAll(/\b(LOCKSTEP_\w+)=/g)].map(([, name]) => name)
  expect(set.length).toBeGreaterThan(0)
  for (const name of [...set, ...Object.keys(compose.services.lockstep.environment)]) {
    expect(known).toContain(name)
  }
})

it('publishes the service without tokens on loopback only', () => {
  expect(compose.services.lockstep.environment.LOCKSTEP_ALLOW_ANONYMOUS).toBe('true')
  for (const port of compose.services.lockstep.ports) expect(port).toMatch(/^127\.0\.0\.1:/)
  expect(compose.services.redis.ports).toBeUndefined()
})

it.each([
  ['redis', false],
  ['cache', true],
])('gives the service a %s of which it finds nothing to say', async (name, evicts) => {
  const [server, ...flags] = compose.services[name].command as string[]
  expect(server).toBe('redis-server')
  const redis = await start({ conf: flags.map((flag) => flag.replace(/^--/, '')) })
  const facts = await readFacts({ client: await connect(redis) })
  expect(judge(facts, evicts)).toEqual([])
  expect(facts.evictionPolicy).toBe(evicts ? 'allkeys-lru' : 'noeviction')
})
