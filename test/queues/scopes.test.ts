import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { tokensYaml } from '../support/tokens.js'

const SCOPES = ['queues:send', 'queues:receive', 'queues:read', 'queues:write', 'admin'] as const

const harness = useHarness({
  configFile: tokensYaml(
    SCOPES.map((scope) => ({ token: scope, name: scope.replace(':', '-'), scopes: [scope] })),
  ),
})

type Call = [method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string, body?: object]

const CALLS: readonly [allowed: readonly string[], ...Call][] = [
  [['queues:send', 'queues:write'], 'post', '/x/messages', { messages: [{ body: 1 }] }],
  [['queues:receive', 'queues:write'], 'post', '/x/receive'],
  [['queues:receive', 'queues:write'], 'post', '/x/settle', { ack: ['1.AAAAAAAA'] }],
  [['queues:write'], 'put', '/x', {}],
  [['queues:write'], 'patch', '/x', { maxFailures: 1 }],
  [['queues:read', 'queues:write'], 'get', ''],
  [['queues:read', 'queues:write'], 'get', '/x'],
  [['queues:read', 'queues:write'], 'get', '/x/messages'],
  [['queues:write'], 'post', '/x/dead/redrive', { count: 1 }],
  [['queues:write'], 'post', '/x/dead/discard', { ids: ['a'] }],
  [['admin'], 'post', '/x/purge', { state: 'dead' }],
  [['admin'], 'delete', '/x'],
]

it.each(CALLS)('%j may %s /v1/queues%s', async (allowed, method, path, body) => {
  for (const scope of SCOPES) {
    const { status } = await harness
      .request(method, `/v1/queues${path}`)
      .set('authorization', `Bearer ${scope}`)
      .send(body)
    expect(status === 403, scope).toBe(!allowed.includes(scope))
  }
})
