import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { tokensYaml } from '../support/tokens.js'

const SCOPES = [
  'streams:append',
  'streams:read',
  'streams:receive',
  'streams:write',
  'admin',
] as const

const harness = useHarness({
  configFile: tokensYaml(
    SCOPES.map((scope) => ({ token: scope, name: scope.replace(':', '-'), scopes: [scope] })),
  ),
})

type Call = [method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string, body?: object]

const CALLS: readonly [allowed: readonly string[], ...Call][] = [
  [
    ['streams:append', 'streams:write'],
    'post',
    '/x/entries',
    { entries: [{ event: 'e', data: 1 }] },
  ],
  [['streams:read', 'streams:write'], 'get', '/x/entries'],
  [['streams:write'], 'delete', '/x/entries/1-1'],
  [['streams:write'], 'put', '/x/groups/g', {}],
  [['streams:read', 'streams:write'], 'get', '/x/groups'],
  [['streams:read', 'streams:write'], 'get', '/x/groups/g'],
  [['streams:write'], 'post', '/x/groups/g/seek', { to: 'end' }],
  [['streams:receive', 'streams:write'], 'post', '/x/groups/g/receive', {}],
  [
    ['streams:receive', 'streams:write'],
    'post',
    '/x/groups/g/settle',
    { ack: ['1-1.abcdabcdabcd'] },
  ],
  [['streams:read', 'streams:write'], 'get', '/x/groups/g/dead'],
  [['streams:write'], 'delete', '/x/groups/g'],
  [['streams:write'], 'put', '/x', {}],
  [['streams:write'], 'patch', '/x', { capacity: 1 }],
  [['streams:read', 'streams:write'], 'get', '/x'],
  [['streams:read', 'streams:write'], 'get', ''],
  [['streams:read', 'streams:write'], 'put', '/x/readers/r', { seen: '0-0' }],
  [['streams:read', 'streams:write'], 'get', '/x/readers/r'],
  [['streams:read', 'streams:write'], 'delete', '/x/readers/r'],
  [['admin'], 'delete', '/x'],
]

it.each(CALLS)('%j may %s /v1/streams%s', async (allowed, method, path, body) => {
  for (const scope of SCOPES) {
    const { status } = await harness
      .request(method, `/v1/streams${path}`)
      .set('authorization', `Bearer ${scope}`)
      .send(body)
    expect(status === 403, scope).toBe(!allowed.includes(scope))
  }
})
