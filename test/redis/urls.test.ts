import { expect, it } from 'vitest'
import { isStoreUrl, parseStoreUrl } from '../../src/redis/connect.js'

it.each([
  ['redis+cluster://[::1]:7000,[::1]:7001', ['::1', 7000], ['::1', 7001]],
  ['redis+sentinel://[fd00::1],10.0.0.2:26380/mine', ['fd00::1', 26_379], ['10.0.0.2', 26_380]],
  ['redis+cluster://me:se%3Acret@[::1]:7000,b', ['::1', 7000], ['b', 6379]],
])('%s names its hosts', (url, ...hosts) => {
  expect(parseStoreUrl(url).hosts).toEqual(hosts.map(([host, port]) => ({ host, port })))
  expect(isStoreUrl(url)).toBe(true)
})

it.each([
  'redis+cluster://',
  'redis+cluster://::1:7000',
  'redis+cluster://[::1:7000',
  'redis+cluster://a:b',
  'redis+sentinel://a,,b/mine',
])('%s is not complete', (url) => {
  expect(isStoreUrl(url)).toBe(false)
})
