// Compares two servers under the same load, in alternating turns of one run: machines are noisy by
// a factor of two, so only alternating runs are comparable.
import { Redis } from 'ioredis'
import { drive, warmUp } from './load.mjs'

/**
 * @param row of rows/requests.mjs
 * @param servers of servers.mjs
 * @param rival the server that runs the steps of `row.shell`
 * @param plan { connections: number[], comparedAt: number, rounds: number, seconds: number,
 *   warmUp: { requests: number, mostSeconds: number } }: CPU is compared at one of the numbers of
 *   connections
 * @returns figures { name, request, what, ratio, spread, target, atMost, met, record }: CPU per
 *   request, of the server and of Redis, and requests per second at each number of connections
 */
export async function compareRequests(row, servers, rival, plan) {
  const sides = {
    service: { server: servers[row.server ?? 'service'], steps: row.steps },
    rival: { server: rival, steps: row.shell },
  }
  await prepare(sides.service.server, row.prepare)
  await prepare(rival, row.prepareShell)
  const redis = new Redis(servers.redis.url.replace('unix://', ''))
  try {
    for (const { server, steps } of Object.values(sides)) {
      await warmUp(server.url, steps, { connections: plan.comparedAt, ...plan.warmUp })
    }
    const figures = []
    for (const connections of plan.connections) {
      const rounds = []
      for (let i = 0; i < plan.rounds; i++) {
        // The sides alternate in going first, so that a machine that slows down favours neither.
        const order = i % 2 === 0 ? ['service', 'rival'] : ['rival', 'service']
        const round = {}
        for (const side of order) {
          round[side] = await turn(sides[side], redis, { connections, seconds: plan.seconds })
        }
        rounds.push(round)
      }
      figures.push(...toFigures(row, connections, rounds, connections === plan.comparedAt))
    }
    return figures
  } finally {
    redis.disconnect()
  }
}

/** @param steps in order; the steps of a nested list run together */
export async function prepare({ url }, steps = []) {
  for (const step of steps) await Promise.all([step].flat().map((one) => ask(url, one)))
}

async function ask(url, { method, path, body }) {
  const isBytes = Buffer.isBuffer(body)
  const answer = await fetch(url + path, {
    method,
    headers: { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' },
    body: isBytes ? body : JSON.stringify(body),
  })
  await answer.arrayBuffer()
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}`)
}

export async function turn({ server, steps }, redis, load) {
  const redisBefore = await redisMicros(redis)
  const cpuBefore = server.cpuMicros()
  const driven = await drive(server.url, steps, load)
  return {
    ...driven,
    cpuMicros: (server.cpuMicros() - cpuBefore) / driven.requests,
    redisMicros: ((await redisMicros(redis)) - redisBefore) / driven.requests,
  }
}

/**
 * CPU of the main thread. INFO commandstats leaves out reading and answering, which are most of the
 * cost of a plain command.
 */
async function redisMicros(redis) {
  const info = await redis.info('cpu')
  const seconds = [...info.matchAll(/^used_cpu_(?:user|sys)_main_thread:([\d.]+)/gm)]
  return seconds.reduce((sum, [, one]) => sum + Number(one), 0) * 1_000_000
}

function toFigures({ name, targets, isAsked = true }, connections, rounds, hasCost) {
  const figure = (what, field, target, atMost) => {
    const ratios = rounds.map(({ service, rival }) => service[field] / rival[field])
    const ratio = median(ratios)
    return {
      name: `${name}: ${what}`,
      request: name,
      what,
      ratio,
      spread: [Math.min(...ratios), Math.max(...ratios)],
      ...(target !== undefined && { target }),
      atMost,
      met: target === undefined || (atMost ? ratio <= target : ratio >= target),
      record: {
        service: median(rounds.map(({ service }) => service[field])),
        rival: median(rounds.map(({ rival }) => rival[field])),
      },
    }
  }
  const figures = [
    figure(`requests/s at ${connections}`, 'perSecond', targets.perSecond?.[connections], false),
    figure(`p50 ms at ${connections}`, 'p50Ms', undefined, true),
    figure(`p99 ms at ${connections}`, 'p99Ms', undefined, true),
  ]
  if (!hasCost) return figures
  return [
    figure('CPU us', 'cpuMicros', targets.cpu, true),
    ...(isAsked ? [figure('Redis us', 'redisMicros', targets.redis, true)] : []),
    ...figures,
  ]
}

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
