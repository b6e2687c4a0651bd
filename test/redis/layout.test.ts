import fc from 'fast-check'
import { Cluster, Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { cachePartition, layoutOf, lockBucket } from '../../src/redis/layout.js'

const ofSingle = layoutOf({ client: new Redis({ lazyConnect: true }) })
const ofCluster = layoutOf({
  client: new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true }),
})

describe('the layout', () => {
  it('is one tag on one server, and many on a Cluster', () => {
    expect(ofSingle).toMatchObject({ lockBuckets: 1, cachePartitions: 1 })
    expect(ofCluster).toMatchObject({ lockBuckets: 256, cachePartitions: 64 })
  })

  it('never changes the tag of a name: stored data would be lost', () => {
    expect(lockBucket(ofCluster, 'migrate')).toBe(177)
    expect(lockBucket(ofCluster, 'größe')).toBe(137)
    expect(cachePartition(ofCluster, 'users', '42')).toBe(40)
  })

  it('uses one bucket on a single server', () => {
    expect(lockBucket(ofSingle, 'migrate')).toBe(0)
    expect(cachePartition(ofSingle, 'users', '42')).toBe(0)
  })

  it('gives names that are equal before the first @ one bucket', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (prefix, a, b) => {
        const before = prefix.replaceAll('@', '')
        const bucket = lockBucket(ofCluster, before)
        expect(lockBucket(ofCluster, `${before}@${a}`)).toBe(bucket)
        expect(lockBucket(ofCluster, `${before}@${b}`)).toBe(bucket)
      }),
    )
  })

  it('uses every bucket and partition about equally', () => {
    const buckets = new Array<number>(256).fill(0)
    const partitions = new Array<number>(64).fill(0)
    for (let i = 0; i < 25_600; i++) {
      buckets[lockBucket(ofCluster, `order-${i}`)]! += 1
      partitions[cachePartition(ofCluster, 'orders', `${i}`)]! += 1
    }
    expect(Math.min(...buckets)).toBeGreaterThan(50)
    expect(Math.max(...buckets)).toBeLessThan(150)
    expect(Math.min(...partitions)).toBeGreaterThan(300)
    expect(Math.max(...partitions)).toBeLessThan(500)
  })
})
