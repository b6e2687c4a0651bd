import { expect, it } from 'vitest'
import { toReplyError } from '../../src/redis/errors.js'

it.each([
  ["READONLY You can't write against a read only replica.", 'store-not-ready', 'read-only'],
  ['LOADING Redis is loading the dataset in memory', 'store-not-ready', 'loading'],
  ['BUSY Redis is busy running a script.', 'store-not-ready', 'busy'],
  ['MISCONF Errors writing to the AOF file', 'store-not-ready', 'cannot-persist'],
  ['CLUSTERDOWN The cluster is down', 'store-not-ready', 'cluster-down'],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'store-full', undefined],
  ['NOREPLICAS Not enough good replicas to write.', 'not-replicated', undefined],
  // The script may have written before it came to the key that had moved.
  [
    'ERR Script attempted to access a non local key in a cluster node script: 6d3f, on @user_script:1.',
    'outcome-unknown',
    'slot-moving',
  ],
])('%s is %s', (text, code, reason) => {
  expect(toReplyError(text)).toMatchObject({ name: 'StoreError', code, reason })
})

it('takes any other error for a bug of ours', () => {
  expect(toReplyError('ERR user_script:26: attempt to index a nil value').name).toBe('ScriptError')
})
