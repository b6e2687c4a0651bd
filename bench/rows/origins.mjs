// What an origin costs where it is not needed, and where it is: a hit in a space that loads, over a hit
// in one that does not, and a write that goes through over one that does not. One service answers both.
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { median, prepare, turn } from '../compare.mjs'
import { warmUp } from '../load.mjs'

const VALUE = Buffer.alloc(100, 'x')
const PLANS = {
  full: { connections: 64, seconds: 0.5, warmUp: { requests: 15_000, mostSeconds: 3 } },
  quick: { connections: 64, seconds: 0.2, warmUp: { requests: 10_000, mostSeconds: 0.6 } },
  smoke: { connections: 8, seconds: 0.05, warmUp: { requests: 1, mostSeconds: 0.05 } },
}

const hit = (space) => [{ method: 'GET', path: `/v1/cache/${space}/hit` }]
/** Of keys of their own: of writes of one key that overlap none is stored. */
const write = (space) => [{ method: 'PUT', path: `/v1/cache/${space}/w#`, body: VALUE }]

/** @param size 'full', 'quick' or 'smoke' */
export const rows = (size) => [
  {
    name: 'read-through hit of 100 B, over a GET: CPU us',
    target: 1.1,
    atMost: true,
    measure: (plan) => measure(plan, hit),
  },
  ...(size === 'quick'
    ? []
    : [
        {
          name: 'write-through PUT of 100 B, over a PUT: CPU us',
          measure: (plan) => measure(plan, write),
        },
      ]),
]

async function measure({ servers, startService, rounds, size }, stepsOf) {
  const origin = await startOrigin()
  const folder = mkdtempSync(path.join(tmpdir(), 'ls-'))
  const file = path.join(folder, 'lockstep.json')
  writeFileSync(file, JSON.stringify(spaces(origin.url)))
  const service = await startService(undefined, { LOCKSTEP_CONFIG_FILE: file })
  const redis = new Redis(servers.redis.url.replace('unix://', ''))
  const { warmUp: warm, ...load } = PLANS[size]
  const sides = {
    origin: { server: service, steps: stepsOf('through') },
    plain: { server: service, steps: stepsOf('plain') },
  }
  try {
    while (!(await fetch(`${service.url}/readyz`)).ok) await sleep(20)
    await prepare(service, [
      { method: 'PUT', path: '/v1/cache/plain/hit', body: VALUE },
      { method: 'GET', path: '/v1/cache/through/hit' },
    ])
    for (const { steps } of Object.values(sides)) {
      await warmUp(service.url, steps, { connections: load.connections, ...warm })
    }
    const turns = []
    for (let i = 0; i < rounds; i++) {
      const one = {}
      for (const side of i % 2 === 0 ? ['origin', 'plain'] : ['plain', 'origin']) {
        one[side] = await turn(sides[side], redis, load)
      }
      turns.push(one)
    }
    return toFigure(turns)
  } finally {
    redis.disconnect()
    await service.stop()
    origin.stop()
    rmSync(folder, { recursive: true })
  }
}

function toFigure(turns) {
  const of = (side, field) => median(turns.map((one) => one[side][field]))
  const ratios = turns.map(({ origin, plain }) => origin.cpuMicros / plain.cpuMicros)
  return {
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
    record: {
      'with an origin': of('origin', 'cpuMicros'),
      without: of('plain', 'cpuMicros'),
      'requests/s': of('origin', 'perSecond'),
      'without, requests/s': of('plain', 'perSecond'),
    },
  }
}

const spaces = (url) => ({
  spaces: {
    through: {
      origin: { url: `${url}/{key}`, write: 'through', maxConcurrent: 64, timeoutMs: 60_000 },
    },
    plain: {},
  },
})

async function startOrigin() {
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      if (request.method === 'GET') response.end(VALUE)
      else response.writeHead(204).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}
