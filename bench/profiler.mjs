// Preloaded into a server: samples where its CPU goes between two messages of the parent, and answers
// with their number by part of the program. Their durations would not do: on a busy machine a single
// one lasts as long as the process waits for its core.
import { readFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'

// The channel alone keeps no process alive.
process.channel.unref()
const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.setSamplingInterval', { interval: 250 })

process.on('message', async (message) => {
  if (message === 'profile') {
    await session.post('Profiler.start')
    process.send('started')
  } else if (message === 'profiled') {
    const { profile } = await session.post('Profiler.stop')
    process.send(samplesByPart(profile))
  }
})

function samplesByPart({ nodes, samples }) {
  const partOf = new Map(nodes.map(({ id, callFrame }) => [id, toPart(callFrame)]))
  const counts = {}
  for (const id of samples) {
    const part = partOf.get(id)
    if (part) counts[part] = (counts[part] ?? 0) + 1
  }
  return counts
}

const SOCKET = /^(writev|write(Latin1|Utf8|Ucs2|Ascii)String|writeBuffer|shutdown)$/

/** Undefined for the time in which nothing ran, or the profiler itself. */
function toPart({ functionName, url, lineNumber }) {
  if (functionName === '(idle)' || functionName === 'dispatch') return undefined
  if (functionName === '(garbage collector)') return 'garbage'
  if (SOCKET.test(functionName) && url === '') return 'socket'
  // Validators and serializers are compiled from text: they have lines, and no file.
  if (url === '') return lineNumber < 0 ? 'Node' : 'schemas'
  if (url.startsWith('node:')) return 'Node'
  return toRoom(sourceOf(url, lineNumber))
}

function toRoom(file) {
  const parts = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)
  if (parts) return PACKAGES[parts[1]] ?? 'other packages'
  const room = /dist\/(http|server|redis|metrics|logging)\//.exec(file)
  return room ? `src/${room[1]}` : 'domain'
}

const PACKAGES = {
  fastify: 'fastify',
  'find-my-way': 'fastify',
  'fast-json-stringify': 'fastify',
  ioredis: 'ioredis',
  '@ioredis/commands': 'ioredis',
  'redis-parser': 'ioredis',
  typebox: 'schemas',
}

/** esbuild writes the name of each file above its code in a bundle. */
const bundles = new Map()

function sourceOf(url, lineNumber) {
  const file = fileURLToPath(url)
  if (!file.endsWith('dist/main.js')) return file
  const known = bundles.get(file) ?? namesByLine(file)
  bundles.set(file, known)
  return known[lineNumber] ?? file
}

function namesByLine(file) {
  let name = file
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => {
      const heading = /^\/\/ ((?:node_modules|dist)\/\S+)$/.exec(line)
      if (heading) name = heading[1]
      return name
    })
}
