import { expect, it } from 'vitest'
import { toCallError, toReplyError } from '../../src/redis/errors.js'

it.each([
  ["READONLY You can't write against a read only replica.", 'store-not-ready', 'read-only'],
  ['LOADING Redis is loading the dataset in memory', 'store-not-ready', 'loading'],
  ['BUSY Redis is busy running a script.', 'store-not-ready', 'busy'],
  ['MISCONF Errors writing to the AOF file', 'store-not-ready', 'cannot-persist'],
  ['CLUSTERDOWN The cluster is down', 'store-not-ready', 'cluster-down'],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'store-full', undefined],
  [
    'NOPERM this user has no permissions to run the evalsha command',
    'store-not-ready',
    'no-permission',
  ],
  ['NOAUTH Authentication required.', 'store-not-ready', 'wrong-password'],
  ['NOREPLICAS Not enough good replicas to write.', 'not-replicated', undefined],
])('%s is %s', (text, code, reason) => {
  expect(toReplyError(text)).toMatchObject({ name: 'StoreError', code, reason })
})

it('treats any other error as a bug of ours', () => {
  expect(toReplyError('ERR user_script:26: attempt to index a nil value').name).toBe('ScriptError')
})

it.each([
  // The text up to Redis 7.0, then the text since 7.2.
  ["ERR The user executing the script can't run this command or subcommand", 'no-permission'],
  ['ERR ACL failure in script: No permissions to access a key', 'no-permission'],
  [
    'ERR Script attempted to access a non local key in a cluster node script: 6d3f, on @user_script:1.',
    'slot-moving',
  ],
])('the writes of a script before "%s" may be kept', (text, reason) => {
  expect(toCallError(text)).toMatchObject({ code: 'outcome-unknown', reason })
})

it('a call that was refused as a whole wrote nothing', () => {
  expect(toCallError('OOM command not allowed')).toMatchObject({ code: 'store-full' })
  expect(toReplyError("ERR The user executing the script can't run this command")).toMatchObject({
    code: 'store-not-ready',
    reason: 'no-permission',
  })
})
