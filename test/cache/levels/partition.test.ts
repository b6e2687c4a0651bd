import { beforeEach, describe, expect, it } from 'vitest'
import { type Judged, Partition } from '../../../src/cache/levels/partition.js'
import type { Listener, Signals } from '../../../src/redis/signals.js'

let say: Listener
let loseConnection: () => void
let link: { heard: boolean; silentMs: number }
let partition: Partition
let told: string[]
let gaps: number

beforeEach(() => {
  link = { heard: true, silentMs: 0 }
  told = []
  gaps = 0
  const signals: Signals = {
    subscribe: async (_channel, listener) => {
      say = listener
      return () => undefined
    },
    unsubscribe: () => undefined,
    onGap: (listener) => {
      loseConnection = listener
      return () => undefined
    },
    hears: () => link.heard,
    silentForMs: () => link.silentMs,
    answeredAt: () => 0,
    roundTripMs: () => 0,
    close: () => undefined,
  }
  partition = new Partition({
    channel: 'c',
    signals,
    onKey: (space, key, clk) => told.push(`${space} ${key} ${clk}`),
    onGap: () => {
      gaps += 1
    },
  })
})

const read = (asOf: number, tags: string[] = [], space = 's', key = 'k'): Judged => ({
  space,
  tags,
  asOf,
  since: partition.snapshot(space, key),
})

describe('in sync', () => {
  it('is who listens, and was answered within 750 ms', () => {
    expect(partition.isInSync()).toBe(true)
    link.silentMs = 751
    expect(partition.isInSync()).toBe(false)
    link.silentMs = 750
    link.heard = false
    expect(partition.isInSync()).toBe(false)
    expect(partition.hears()).toBe(false)
  })
})

describe('a reply', () => {
  it('is kept unless its key changed after it', () => {
    const { since } = read(0)
    say('90 100 k s k')
    expect(partition.admits(since, 99)).toBe(false)
    expect(partition.admits(since, 100)).toBe(true)
    expect(partition.admits(read(0, [], 's', 'other').since, 1)).toBe(true)
    expect(partition.admits(read(0, [], 's', 'other').since, -1)).toBe(false)
    expect(told).toEqual(['s k 100'])
  })

  it.each(['t s tag', 'f s '])('is kept only after the last change of unknown keys: %s', (what) => {
    const { since } = read(0)
    say(`90 100 ${what}`)
    expect(partition.admits(since, 99)).toBe(false)
    expect(partition.admits(since, 100)).toBe(true)
  })

  it('is not kept after a gap, nor over a change of our own', () => {
    const before = read(0)
    loseConnection()
    expect(partition.admits(before.since, 1_000)).toBe(false)
    const own = read(0)
    partition.changeKey('s', 'k')
    expect(partition.admits(own.since, 1_000)).toBe(false)
    const tagged = read(0)
    partition.changeName('s', 'tag')
    expect(partition.admits(tagged.since, 1_000)).toBe(false)
    expect(partition.admits(read(0).since, 1_000)).toBe(true)
  })

  it('serves others on its way while nothing has changed', () => {
    const { since } = read(0)
    expect(partition.isUnchanged(since)).toBe(true)
    say('1 2 k s elsewhere')
    expect(partition.isUnchanged(since)).toBe(true)
    say('2 3 k s k')
    expect(partition.isUnchanged(since)).toBe(false)
    const second = read(0).since
    say('3 4 t s tag')
    expect(partition.isUnchanged(second)).toBe(false)
    const third = read(0).since
    partition.changeKey('s', 'k')
    expect(partition.isUnchanged(third)).toBe(false)
  })
})

describe('what is kept', () => {
  it('holds until a message is missing between two', () => {
    const kept = read(100)
    say('90 101 k s other')
    say('101 102 k s other')
    expect(partition.holds(kept)).toBe(true)
    say('103 104 k s other')
    expect(partition.holds(kept)).toBe(false)
    expect(partition.outlives(kept)).toBe(true)
    expect(gaps).toBe(1)
    const later = read(104)
    say('104 105 k s other')
    expect(partition.holds(later)).toBe(true)
  })

  it('does not mind wake-ups, which have no clock of their own', () => {
    const kept = read(100)
    say('90 101 k s other')
    say('90 101 w s k')
    say('101 102 k s other')
    expect(partition.holds(kept)).toBe(true)
    expect(told).toEqual(['s other 101', 's other 102'])
  })

  it('goes with its tag and its space, also in an outage', () => {
    const tagged = read(100, ['a', 'b c'])
    const untagged = read(100)
    const elsewhere = read(100, ['b c'], 'elsewhere')
    say('100 101 t s b c')
    for (const holds of ['holds', 'outlives'] as const) {
      expect(partition[holds](tagged)).toBe(false)
      expect(partition[holds](untagged)).toBe(true)
      expect(partition[holds](elsewhere)).toBe(true)
    }
    expect(partition.holds(read(101, ['b c']))).toBe(true)
    say('101 102 f s ')
    expect(partition.holds(untagged)).toBe(false)
    expect(partition.outlives(untagged)).toBe(false)
    expect(partition.holds(elsewhere)).toBe(true)
  })

  it('goes with a tag or space that this process invalidates, before any message', () => {
    const tagged = read(100, ['a'])
    const untagged = read(100)
    partition.changeName('s', 'a')
    expect(partition.holds(tagged)).toBe(false)
    expect(partition.outlives(tagged)).toBe(false)
    expect(partition.holds(untagged)).toBe(true)
    expect(partition.holds(read(100, ['a']))).toBe(true)
    partition.changeName('s', '')
    expect(partition.holds(untagged)).toBe(false)
  })

  it('goes for good when the whole partition does, or when it cannot be told', () => {
    for (const message of ['90 100 a  ', '100 101 from-the-future s x']) {
      const kept = read(1_000)
      say(message)
      expect(partition.holds(kept)).toBe(false)
      expect(partition.outlives(kept)).toBe(false)
    }
  })

  it('goes for good rather than that tags pile up without end', () => {
    const kept = read(1e9)
    for (let i = 1; i <= 4_096; i += 1) say(`${i} ${i + 1} t s tag-${i}`)
    expect(partition.holds(kept)).toBe(true)
    say('4097 4098 t s one-more')
    expect(partition.outlives(kept)).toBe(false)
    expect(partition.holds(read(1e9))).toBe(true)
  })

  it('is doubtful after a lost connection, and helps in an outage', () => {
    const kept = read(100)
    loseConnection()
    loseConnection()
    expect(gaps).toBe(1)
    expect(partition.holds(kept)).toBe(false)
    expect(partition.outlives(kept)).toBe(true)
    // The first message of a new connection has no predecessor here.
    const fresh = read(200)
    say('500 501 k s other')
    expect(partition.holds(fresh)).toBe(true)
  })
})
