// Compares queues with the thinnest Fastify shells around BullMQ and rsmq (queue-shell.mjs).

const post = (path, body, more) => ({ method: 'POST', path, body, ...more })

const BODY = 'x'.repeat(100)
const messages = (count) => ({ messages: Array.from({ length: count }, () => ({ body: BODY })) })
const receipts = ({ items }) => JSON.stringify(items.map(({ receipt }) => receipt))

const send = (base, count, path) => post(`${base}${path}`, messages(count))
const cycle = (base, count, path) => [
  send(base, count, path),
  post(`${base}/receive`, { limit: count }, { take: receipts }),
  post(`${base}/settle`, '{"ack":$}'),
]

/** Sends alone fill the queue. */
const ROOM = { capacity: 1_000_000, maxBytes: 2 ** 32, retentionMs: 600_000 }

const against = (library, name, queue, stepsOf) => ({
  name: `${name}, against ${library}`,
  rival: 'queueShell',
  prepare: [{ method: 'PUT', path: `/v1/queues/${queue}`, body: ROOM }],
  steps: [stepsOf(`/v1/queues/${queue}`, '/messages')].flat(),
  shell: [stepsOf(`/${library}`, '/send')].flat(),
  targets: library === 'bullmq' ? { cpu: 1, perSecond: { 64: 1 } } : {},
})

export const rows = ['bullmq', 'rsmq'].flatMap((library) => [
  against(library, 'queue, send', `${library}-sends`, (base, path) => send(base, 1, path)),
  against(library, 'queue, send, receive and acknowledge', library, (base, path) =>
    cycle(base, 1, path),
  ),
  against(library, 'queue, the same in lists of 100', `${library}-lists`, (base, path) =>
    cycle(base, 100, path),
  ),
])
