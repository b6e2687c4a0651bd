import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const SRC = path.resolve(import.meta.dirname, '../src')

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
)
const roomOf = (file: string) => file.split(path.sep)[0] ?? ''

/** A folder that plugs itself in. */
const domains = files
  .filter((file) => path.basename(file) === 'domain.ts' && roomOf(file) !== 'domain.ts')
  .map(roomOf)

/** Which rooms each room may import, besides itself. A room missing here may not exist. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  schema: [],
  logging: [],
  metrics: [],
  calendar: [],
  redis: [],
  http: ['schema', 'logging'],
  config: ['schema'],
  'domain.ts': ['config', 'http', 'metrics', 'redis'],
  'domains.ts': ['domain.ts', ...domains],
  'config.ts': ['config', 'domain.ts', 'domains.ts', 'http'],
  server: ['config', 'config.ts', 'http', 'metrics', 'redis', 'logging'],
  'app.ts': [
    'server',
    'domain.ts',
    'domains.ts',
    'config',
    'config.ts',
    'http',
    'metrics',
    'redis',
  ],
  'main.ts': ['app.ts', 'server', 'config', 'config.ts', 'http', 'logging', 'redis'],
  'health.ts': ['config', 'server'],
  tools: ['config.ts', 'leaderboards', 'redis'],
  ...Object.fromEntries(
    domains.map((domain) => [
      domain,
      ['domain.ts', 'redis', 'http', 'metrics', 'calendar', 'schema'],
    ]),
  ),
}

/**
 * Inside a domain the parts stand in this order, and each may import only what stands behind it.
 * `routes.ts` is one, and `touch-routes.ts` as well.
 */
const PARTS = ['routes', 'request', 'answer', 'schemas', 'store', 'scripts', 'keys']
const partOf = (file: string) =>
  domains.includes(roomOf(file)) ? path.basename(file, '.ts').split('-').at(-1) : undefined
const isPart = (part: string) => (file: string) => partOf(file) === part

const read = (file: string) => readFileSync(path.join(SRC, file), 'utf8')

const importsOf = (file: string) =>
  [...read(file).matchAll(/from '(\.{1,2}\/[^']+)\.js'/g)].map(([, target]) =>
    path.relative(SRC, path.resolve(SRC, path.dirname(file), `${target}.ts`)),
  )

it.each(files)('%s imports only from rooms it may see', (file) => {
  const room = roomOf(file)
  expect(ROOMS, `${room} is a room without rules`).toHaveProperty([room])
  const allowed = [room, ...(ROOMS[room] ?? [])]
  expect(importsOf(file).filter((target) => !allowed.includes(roomOf(target)))).toEqual([])
})

it.each(files.filter(isPart('store')))('%s knows nothing of HTTP', (file) => {
  expect(read(file)).not.toMatch(/from '(fastify|@fastify\/|(\.\.\/)+http\/|\.\/(schemas|routes))/)
})

it.each(files.filter(isPart('routes')))('%s reaches Redis through its store', (file) => {
  const behind = importsOf(file).filter((target) => roomOf(target) === 'redis')
  expect(behind).toEqual([])
})

it.each(files.filter(isPart('routes')))('%s exports its plugin alone', (file) => {
  expect(read(file).match(/^export (const|function|async function|class) /gm)).toHaveLength(1)
})

const isOutside = (file: string) => ['routes', 'request', 'answer'].includes(partOf(file) ?? '')

it.each(files.filter(isOutside))('%s tells what a store answers apart by kind', (file) => {
  expect(read(file)).not.toMatch(/(\w\.|readonly |\{ )outcome\b/)
})

it('lets only routes and the domain itself know routes', () => {
  const wrong = files.filter(
    (file) =>
      partOf(file) !== 'routes' &&
      path.basename(file) !== 'domain.ts' &&
      importsOf(file).some(isPart('routes')),
  )
  expect(wrong).toEqual([])
})

it('keeps the parts of a domain in one direction', () => {
  const wrong = files.flatMap((file) => {
    const part = PARTS.indexOf(partOf(file) ?? '')
    if (part < 0) return []
    return importsOf(file)
      .filter((target) => {
        const other = PARTS.indexOf(partOf(target) ?? '')
        return other >= 0 && other < part
      })
      .map((target) => `${file} imports ${target}`)
  })
  expect(wrong).toEqual([])
})

/** What checks, pages and submissions run through, except what they read and answer is made of. */
const HOT = files.filter(
  (file) =>
    /^(ratelimits.(checks|deny-cache)|leaderboards.(answer|scores|submissions|entries.(routes|scripts)))/.test(
      file,
    ) && !isPart('schemas')(file),
)

it.each(HOT)('%s begins no object with a spread', (file) => {
  // Node takes 2 us for `{ ...one, more }`, and a fortieth of that for Object.assign (20.20).
  expect(read(file)).not.toMatch(/\{\s*\.\.\.[^{}]*,\s*\w/)
})

/** A tool is the edge of a process of its own, as main.ts is. */
const isEdge = (file: string) =>
  file === 'main.ts' || file === 'health.ts' || roomOf(file) === 'tools'

it.each(files.filter((file) => !isEdge(file)))('%s does not read the environment', (file) => {
  expect(read(file).replace(/^.*\/\/.*$/gm, '')).not.toContain('process.env')
})

it('has no god files, barrels or default exports', () => {
  for (const file of files) {
    expect(path.basename(file), file).not.toMatch(/^(index|utils?|common|helpers?)\.ts$/)
    expect(read(file), file).not.toMatch(/^export default/m)
    expect(read(file), file).not.toMatch(/^export \* from/m)
  }
})
