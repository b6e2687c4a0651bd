import path from 'node:path'
import { expect, it } from 'vitest'
import { domains, files, ROOMS, read, roomOf, SRC } from './support/rooms.js'

/**
 * The parts of a domain, in order: each may import only later ones. `touch-routes.ts` counts as
 * routes too.
 */
const PARTS = ['routes', 'request', 'answer', 'schemas', 'store', 'scripts', 'keys']
const partOf = (file: string) =>
  domains.includes(roomOf(file)) ? path.basename(file, '.ts').split('-').at(-1) : undefined
const isPart = (part: string) => (file: string) => partOf(file) === part

const importsOf = (file: string) =>
  [...read(file).matchAll(/from '(\.{1,2}\/[^']+)\.js'/g)].map(([, target]) =>
    path.relative(SRC, path.resolve(SRC, path.dirname(file), `${target}.ts`)),
  )

it.each(files)('%s imports only from rooms it is allowed to import', (file) => {
  const room = roomOf(file)
  expect(ROOMS, `${room} is a room without rules`).toHaveProperty([room])
  const allowed = [room, ...(ROOMS[room]?.imports ?? [])]
  expect(importsOf(file).filter((target) => !allowed.includes(roomOf(target)))).toEqual([])
})

it.each(files.filter(isPart('store')))('%s imports nothing of HTTP', (file) => {
  expect(read(file)).not.toMatch(/from '(fastify|@fastify\/|(\.\.\/)+http\/|\.\/(schemas|routes))/)
})

it.each(files.filter(isPart('routes')))('%s reaches Redis through its store', (file) => {
  const behind = importsOf(file).filter((target) => roomOf(target) === 'redis')
  expect(behind).toEqual([])
})

it.each(files.filter(isPart('routes')))('%s exports only its plugin', (file) => {
  expect(read(file).match(/^export (const|function|async function|class) /gm)).toHaveLength(1)
})

const isOutside = (file: string) => ['routes', 'request', 'answer'].includes(partOf(file) ?? '')

it.each(files.filter(isOutside))('%s distinguishes the outcomes of a store by kind', (file) => {
  expect(read(file)).not.toMatch(/(\w\.|readonly |\{ )outcome\b/)
})

it('only domain.ts and routes import routes', () => {
  const wrong = files.filter(
    (file) =>
      partOf(file) !== 'routes' &&
      path.basename(file) !== 'domain.ts' &&
      importsOf(file).some(isPart('routes')),
  )
  expect(wrong).toEqual([])
})

it('the parts of a domain import in one direction', () => {
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

/** Files on the path of checks, leases, pages and submissions, without schemas. */
const HOT = files.filter(
  (file) =>
    /^(ratelimits.(checks|deny-cache)|leaderboards.(answer|scores|submissions|entries.(routes|scripts))|locks.(leases|queue).(scripts|store|acquire|request|routes|queued-requests))/.test(
      file,
    ) && !isPart('schemas')(file),
)

it.each(HOT)('%s spreads no object at the beginning of another', (file) => {
  // Node takes 2 us for `{ ...one, more }`, and a fortieth of that for Object.assign (20.20).
  expect(read(file)).not.toMatch(/\{\s*\.\.\.[^{}]*,\s*\w/)
})

/** Files that may read the environment: the entry points. */
const isEdge = (file: string) =>
  file === 'main.ts' || file === 'health.ts' || roomOf(file) === 'tools'

it.each(files.filter((file) => !isEdge(file)))('%s does not read the environment', (file) => {
  expect(read(file).replace(/^.*\/\/.*$/gm, '')).not.toContain('process.env')
})

it('no file is a barrel or a collection, or has a default export', () => {
  for (const file of files) {
    expect(path.basename(file), file).not.toMatch(/^(index|utils?|common|helpers?)\.ts$/)
    expect(read(file), file).not.toMatch(/^export default/m)
    expect(read(file), file).not.toMatch(/^export \* from/m)
  }
})
