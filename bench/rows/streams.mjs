// Compares streams with the thinnest Fastify shell around Redis Streams (stream-shell.mjs).

const post = (path, body, more) => ({ method: 'POST', path, body, ...more })
const put = (path, body) => ({ method: 'PUT', path, body })

const entries = (count) => ({
  entries: Array.from({ length: count }, () => ({ event: 'said', data: 'x'.repeat(100) })),
})
const append = (stream, count) => post(`${stream}/entries`, entries(count))
const receipts = ({ items }) => JSON.stringify(items.map(({ receipt }) => receipt))
const cycle = (stream) => [
  append(stream, 100),
  post(`${stream}/groups/workers/receive`, { limit: 100 }, { take: receipts }),
  post(`${stream}/groups/workers/settle`, '{"ack":$}'),
]

const ROOM = { capacity: 20_000 }
/** Several, because a group has at most 10,000 deliveries that are not settled. */
const GROUPS = Array.from({ length: 10 }, (_, digit) => `/streams/shared-${digit}`)

const against = (
  name,
  stream,
  { prepare = () => [], prepared = [stream], steps, targets = {} },
) => {
  const ours = (path) => `/v1${path}`
  return {
    name: `stream, ${name}`,
    rival: 'streamShell',
    prepare: [...prepared.map((each) => put(ours(each), ROOM)), ...prepare(ours)],
    steps: steps(ours(stream)),
    prepareShell: prepare((path) => path),
    shell: steps(stream),
    targets,
  }
}

export const rows = [
  against('append', '/streams/appends', { steps: (stream) => [append(stream, 1)] }),
  against('append of 100', '/streams/lists', { steps: (stream) => [append(stream, 100)] }),
  against('page of 100', '/streams/pages', {
    prepare: (of) => Array.from({ length: 10 }, () => append(of('/streams/pages'), 100)),
    steps: (stream) => [{ method: 'GET', path: `${stream}/entries?limit=100` }],
  }),
  against('append, group receive and acknowledge of 100', '/streams/shared-~', {
    prepared: GROUPS,
    prepare: (of) => GROUPS.map((stream) => put(`${of(stream)}/groups/workers`, {})),
    steps: cycle,
  }),
]
