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
    measure: ({ startService }) =>
      withService(startService, (service) => ({ ratio: service.rssBytes() / MIB, record: {} })),
  },
  {
    name: 'MiB with many connections',
    target: 250,
    atMost: true,
    measure: ({ startService, size }) =>
      withService(startService, async (service) => {
        const sockets = await openAll(service.url, size === 'smoke' ? 10 : CONNECTIONS)
        await sleep(500)
        const ratio = service.rssBytes() / MIB
        for (const socket of sockets) socket.destroy()
        return { ratio, record: { connections: sockets.length } }
      }),
  },
  {
    name: 'seconds from start to the first answer',
    target: 0.6,
    atMost: true,
    async measure({ startService, rounds }) {
      const took = []
      for (let i = 0; i < rounds; i++) {
        const began = performance.now()
        await withService(startService, async ({ url }) => {
          await fetch(`${url}/livez`)
          took.push((performance.now() - began) / 1_000)
        })
      }
      return { ratio: median(took), spread: [Math.min(...took), Math.max(...took)], record: {} }
    },
  },
]

async function withService(startService, work) {
  const service = await startService()
  try {
    return await work(service)
  } finally {
    await service.stop()
  }
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
