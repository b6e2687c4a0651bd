// An append to a stream that many clients follow by server-sent events: what a message to one of them
// costs the server, and how long until the last one has it. Beside the shell of Redis Streams.
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { compare, median, quantile } from '../scripts.mjs'
import { post } from './lock-queues.mjs'

const LISTENERS = { full: 1_000, quick: 1_000, smoke: 20 }
const APPENDS = { full: 100, quick: 40, smoke: 3 }

let measured
/** Both rows are of one run. */
const measure = (plan) => (measured ??= measureFanOut(plan))

const toFigure = (rounds, field) => {
  const pairs = rounds.map(({ service, shell }) => [service[field], shell[field]])
  return compare(pairs, {
    service: median(pairs.map(([ours]) => ours)),
    shell: median(pairs.map(([, theirs]) => theirs)),
  })
}

export const rows = [
  {
    name: 'stream, 1,000 listeners: messages per CPU second',
    measure: async (plan) => toFigure(await measure(plan), 'perCpuSecond'),
  },
  {
    name: 'stream, 1,000 listeners: time from an append to the last one, p99',
    atMost: true,
    measure: async (plan) => toFigure(await measure(plan), 'p99Ms'),
  },
]

async function measureFanOut({ servers, rounds, size }) {
  const sides = {
    service: await follow(servers.service, '/v1/streams/followed', LISTENERS[size]),
    shell: await follow(servers.streamShell, '/streams/followed', LISTENERS[size]),
  }
  const seen = []
  for (let i = 0; i <= rounds; i++) {
    const round = {}
    for (const side of i % 2 === 0 ? ['service', 'shell'] : ['shell', 'service']) {
      round[side] = await sides[side].turn(APPENDS[size])
    }
    // The first round warms up.
    if (i > 0) seen.push(round)
  }
  for (const side of Object.values(sides)) side.end()
  return seen
}

/** @returns listeners that all follow, and turns of appends one by one */
async function follow({ url, cpuMicros }, stream, count) {
  const agent = new Agent({ keepAlive: true })
  let wanted = 'event: following'
  let missing = count
  let onLast
  const last = () =>
    new Promise((resolve) => {
      missing = count
      onLast = resolve
    })
  const all = last()
  const sockets = Array.from({ length: count }, () =>
    listen(url, `${stream}/events`, (text) => {
      if (!text.includes(wanted)) return false
      if (--missing === 0) onLast()
      return true
    }),
  )
  await all

  const turn = async (appends) => {
    const took = []
    const before = cpuMicros()
    for (let i = 0; i < appends; i++) {
      wanted = `number ${i} of`
      const arrived = last()
      const began = performance.now()
      const entries = [{ event: 'said', data: `${wanted} ${'x'.repeat(100)}` }]
      await post(agent, url, `${stream}/entries`, { entries })
      await arrived
      took.push(performance.now() - began)
    }
    const cpuSeconds = (cpuMicros() - before) / 1_000_000
    return { perCpuSecond: (count * appends) / cpuSeconds, p99Ms: quantile(took, 0.99) }
  }
  const end = () => {
    for (const socket of sockets) socket.destroy()
    agent.destroy()
  }
  return { turn, end }
}

/** @param isSeen of what came since it was last true, which may be a part of a message */
function listen(url, path, isSeen) {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  let text = ''
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`)
  socket.on('data', (chunk) => {
    text += chunk.latin1Slice()
    if (isSeen(text)) text = ''
  })
  return socket
}
