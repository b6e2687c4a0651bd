// An instance at its start: memory, and the time until it answers.
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../compare.mjs'

const CONNECTIONS = 4_096
const MIB = 1024 * 1024

export const rows = [
  {
    name: 'MiB of an idle instance',
    target: 110,
    atMost: true,
    measure: (plan) => ofStarts(plan, (service) => service.rssBytes() / MIB),
  },
  {
    name: 'MiB with many connections',
    target: 250,
    atMost: true,
    measure: (plan) =>
      ofStarts(plan, async (service) => {
        const sockets = await openAll(service.url, plan.size === 'smoke' ? 10 : CONNECTIONS)
        await sleep(500)
        const mib = service.rssBytes() / MIB
        for (const socket of sockets) socket.destroy()
        return mib
      }),
  },
  {
    name: 'seconds from start to the first answer',
    target: 0.6,
    atMost: true,
    measure: (plan) =>
      ofStarts(plan, async ({ url }, startedAt) => {
        await fetch(`${url}/livez`)
        return (performance.now() - startedAt) / 1_000
      }),
  },
]

/** The median of a figure of several instances, each started for it. */
async function ofStarts({ startService, rounds, size }, measure) {
  const figures = []
  for (let i = 0; i < (size === 'quick' ? 1 : rounds); i++) {
    const startedAt = performance.now()
    const service = await startService()
    try {
      figures.push(await measure(service, startedAt))
    } finally {
      await service.stop()
    }
  }
  const spread = [Math.min(...figures), Math.max(...figures)]
  return { ratio: median(figures), spread, record: {} }
}

/** Opens connections that each have made one request. */
function openAll(url, count) {
  const { hostname, port } = new URL(url)
  const open = () =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port) })
      socket.on('connect', () => socket.write(`GET /livez HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`))
      socket.once('data', () => resolve(socket))
      socket.once('error', reject)
    })
  return Promise.all(Array.from({ length: count }, open))
}
