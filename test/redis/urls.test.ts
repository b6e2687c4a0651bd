import { expect, it } from 'vitest'
import { isStoreUrl, parseStoreUrl, shownStoreUrl } from '../../src/redis/store-url.js'

it.each([
  ['redis+cluster://[::1]:7000,[::1]:7001', ['::1', 7000], ['::1', 7001]],
  ['redis+sentinel://[fd00::1],10.0.0.2:26380/mine', ['fd00::1', 26_379], ['10.0.0.2', 26_380]],
  ['redis+cluster://me:se%3Acret@[::1]:7000,b', ['::1', 7000], ['b', 6379]],
  ['rediss+sentinel://a,b:7/mine', ['a', 26_379], ['b', 7]],
  ['rediss+cluster://a,b:7', ['a', 6379], ['b', 7]],
])('%s names its hosts', (url, ...hosts) => {
  expect(parseStoreUrl(url).hosts).toEqual(hosts.map(([host, port]) => ({ host, port })))
  expect(isStoreUrl(url)).toBe(true)
})

it.each([
  'redis+cluster://',
  'redis+cluster://::1:7000',
  'redis+cluster://[::1:7000',
  'redis+cluster://a:b',
  'rediss+unix://a',
  'constructor://a',
  'redis+sentinel://a,,b/mine',
  'redis://',
  'redis://host:70000',
  'redis://host/mine',
  'redis://host:6379?password=hush',
  'redis://host:6379/0?password=hush',
  'redis://host#hush',
  'unix:///run/redis.sock?password=hush',
  'redis+cluster://a,b?password=hush',
])('%s is not complete', (url) => {
  expect(isStoreUrl(url)).toBe(false)
})

it.each([
  ['redis://user:hu@s?h@host', 'redis://host:6379'],
  ['redis://:hush@[::1]:7000/3', 'redis://[::1]:7000/3'],
  ['rediss://hush@host:7000', 'rediss://host:7000'],
  ['unix://:hush@/run/redis.sock', 'unix:///run/redis.sock'],
  ['redis+sentinel://:hush@a,b:7/mine', 'redis+sentinel://a:26379,b:7/mine'],
  ['redis+cluster://me:hush@a,b:7', 'redis+cluster://a:6379,b:7'],
  ['rediss+sentinel://:hush@a/mine', 'rediss+sentinel://a:26379/mine'],
])('%s is shown as %s', (url, shown) => {
  expect(isStoreUrl(url)).toBe(true)
  expect(shownStoreUrl(url)).toBe(shown)
})

it('reads user, password and database', () => {
  expect(parseStoreUrl('redis://me:p%40ss@host/3')).toMatchObject({
    user: 'me',
    password: 'p@ss',
    path: '3',
  })
})
