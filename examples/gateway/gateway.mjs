// A service that checks two limits before each request, per user and per address: it consumes from
// both or from neither.
// usage: node gateway.mjs PORT        (Node 20, nothing to install)
import { createServer } from 'node:http'

const SERVICE = process.env.LOCKSTEP_URL ?? 'http://127.0.0.1:7700'
// One group, because they are checked together: on a Redis Cluster it keeps them on one node.
const WINDOW = { windowMs: 60_000, algorithm: 'sliding-window', group: 'gateway' }
const POLICIES = { 'per-user': { limit: 3, ...WINDOW }, 'per-address': { limit: 100, ...WINDOW } }
const PASSED_ON = ['ratelimit', 'ratelimit-policy', 'retry-after']

const call = (method, path, body, timeoutMs) =>
  fetch(SERVICE + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  })

/** Whether the request may pass, and the headers for its answer. */
async function check(user, address) {
  const limits = [
    { policy: 'per-user', key: user },
    { policy: 'per-address', key: address },
  ]
  const path = '/v1/ratelimits/check?onDeny=reject'
  const answer = await call('POST', path, { limits }, 500).catch(() => undefined)
  await answer?.body?.cancel()
  const status = answer?.status ?? 503
  // Better no limit than no service.
  if (status !== 200 && status !== 429)
    console.error(`not limited: the check was answered ${status}`)
  const headers = PASSED_ON.filter((name) => answer?.headers.has(name))
  return {
    isAllowed: status !== 429,
    headers: Object.fromEntries(headers.map((name) => [name, answer.headers.get(name)])),
  }
}

const server = createServer(async ({ headers, socket }, response) => {
  const limited = await check(headers['x-user'] ?? 'nobody', socket.remoteAddress)
  response.writeHead(limited.isAllowed ? 200 : 429, limited.headers)
  response.end(limited.isAllowed ? 'Hello.\n' : 'Too many requests.\n')
})

for (const [name, policy] of Object.entries(POLICIES)) {
  const answer = await call('PUT', `/v1/ratelimit-policies/${name}`, policy, 30_000)
  if (!answer.ok) throw new Error(`the policy ${name} was answered ${answer.status}`)
}
server.listen(Number(process.argv[2]), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`)
})
