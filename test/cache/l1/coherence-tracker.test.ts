import { beforeEach, describe, expect, it } from 'vitest'
import { CoherenceTracker, type Judged } from '../../../src/cache/l1/coherence-tracker.js'
import type { Listener, PubSub } from '../../../src/redis/pub-sub.js'

let say: Listener
let loseConnection: () => void
let connection: { heard: boolean; silentMs: number }
let tracker: CoherenceTracker
let changes: string[]
let gaps: number

beforeEach(() => {
  connection = { heard: true, silentMs: 0 }
  changes = []
  gaps = 0
  const pubSub: PubSub = {
    subscribe: async (_channel, listener) => {
      say = listener
      return () => undefined
    },
    unsubscribe: () => undefined,
    onGap: (listener) => {
      loseConnection = listener
      return () => undefined
    },
    hears: () => connection.heard,
    silentForMs: () => connection.silentMs,
    answeredAt: () => 0,
    roundTripMs: () => 0,
    close: () => undefined,
  }
  tracker = new CoherenceTracker({
    channel: 'c',
    pubSub,
    onKey: (space, key, clk) => changes.push(`${space} ${key} ${clk}`),
    onGap: () => {
      gaps += 1
    },
  })
})

const read = (asOf: number, tags: string[] = [], space = 's', key = 'k'): Judged => ({
  space,
  tags,
  asOf,
  since: tracker.snapshot(space, key),
})

describe('in sync', () => {
  it('holds for 750 ms after an answer, while it listens', () => {
    expect(tracker.isInSync()).toBe(true)
    connection.silentMs = 751
    expect(tracker.isInSync()).toBe(false)
    connection.silentMs = 750
    connection.heard = false
    expect(tracker.isInSync()).toBe(false)
    expect(tracker.hears()).toBe(false)
  })
})

describe('a reply', () => {
  it('is kept unless its key changed after it', () => {
    const { since } = read(0)
    say('90 100 k s k')
    expect(tracker.admits(since, 99)).toBe(false)
    expect(tracker.admits(since, 100)).toBe(true)
    expect(tracker.admits(read(0, [], 's', 'other').since, 1)).toBe(true)
    expect(tracker.admits(read(0, [], 's', 'other').since, -1)).toBe(false)
    expect(changes).toEqual(['s k 100'])
  })

  it.each(['t s tag', 'f s '])('is kept only after the last change of unknown keys: %s', (what) => {
    const { since } = read(0)
    say(`90 100 ${what}`)
    expect(tracker.admits(since, 99)).toBe(false)
    expect(tracker.admits(since, 100)).toBe(true)
  })

  it('is not kept after a gap, nor after a change by this process', () => {
    const before = read(0)
    loseConnection()
    expect(tracker.admits(before.since, 1_000)).toBe(false)
    const own = read(0)
    tracker.changeKey('s', 'k')
    expect(tracker.admits(own.since, 1_000)).toBe(false)
    const tagged = read(0)
    tracker.changeName('s', 'tag')
    expect(tracker.admits(tagged.since, 1_000)).toBe(false)
    expect(tracker.admits(read(0).since, 1_000)).toBe(true)
  })

  it('may be shared in flight while nothing has changed', () => {
    const { since } = read(0)
    expect(tracker.isUnchanged(since)).toBe(true)
    say('1 2 k s elsewhere')
    expect(tracker.isUnchanged(since)).toBe(true)
    say('2 3 k s k')
    expect(tracker.isUnchanged(since)).toBe(false)
    const second = read(0).since
    say('3 4 t s tag')
    expect(tracker.isUnchanged(second)).toBe(false)
    const third = read(0).since
    tracker.changeKey('s', 'k')
    expect(tracker.isUnchanged(third)).toBe(false)
  })
})

describe('a kept value', () => {
  it('holds until a message is missing between two', () => {
    const kept = read(100)
    say('90 101 k s other')
    say('101 102 k s other')
    expect(tracker.holds(kept)).toBe(true)
    say('103 104 k s other')
    expect(tracker.holds(kept)).toBe(false)
    expect(tracker.outlives(kept)).toBe(true)
    expect(gaps).toBe(1)
    const later = read(104)
    say('104 105 k s other')
    expect(tracker.holds(later)).toBe(true)
  })

  it('does not hold after the first message of a new clock, also when none was heard before', () => {
    const kept = read(100)
    say('0 101 k s other')
    expect(tracker.holds(kept)).toBe(false)
    const later = read(101)
    say('101 102 k s other')
    expect(tracker.holds(later)).toBe(true)
    expect(gaps).toBe(1)
  })

  it('survives wake-ups, which have no clock of their own', () => {
    const kept = read(100)
    say('90 101 k s other')
    say('90 101 w s k')
    say('101 102 k s other')
    expect(tracker.holds(kept)).toBe(true)
    expect(changes).toEqual(['s other 101', 's other 102'])
  })

  it('ends with its tag and its space, also in an outage', () => {
    const tagged = read(100, ['a', 'b c'])
    const untagged = read(100)
    const elsewhere = read(100, ['b c'], 'elsewhere')
    say('100 101 t s b c')
    for (const holds of ['holds', 'outlives'] as const) {
      expect(tracker[holds](tagged)).toBe(false)
      expect(tracker[holds](untagged)).toBe(true)
      expect(tracker[holds](elsewhere)).toBe(true)
    }
    expect(tracker.holds(read(101, ['b c']))).toBe(true)
    say('101 102 f s ')
    expect(tracker.holds(untagged)).toBe(false)
    expect(tracker.outlives(untagged)).toBe(false)
    expect(tracker.holds(elsewhere)).toBe(true)
  })

  it('ends with a tag or space that this process invalidates, before any message', () => {
    const tagged = read(100, ['a'])
    const untagged = read(100)
    tracker.changeName('s', 'a')
    expect(tracker.holds(tagged)).toBe(false)
    expect(tracker.outlives(tagged)).toBe(false)
    expect(tracker.holds(untagged)).toBe(true)
    expect(tracker.holds(read(100, ['a']))).toBe(true)
    tracker.changeName('s', '')
    expect(tracker.holds(untagged)).toBe(false)
  })

  it('ends when the whole partition is invalidated, and by a message of an unknown kind', () => {
    for (const message of ['90 100 a  ', '100 101 from-the-future s x']) {
      const kept = read(1_000)
      say(message)
      expect(tracker.holds(kept)).toBe(false)
      expect(tracker.outlives(kept)).toBe(false)
    }
  })

  it('ends where more tags were invalidated than are remembered', () => {
    const kept = read(1e9)
    for (let i = 1; i <= 4_096; i += 1) say(`${i} ${i + 1} t s tag-${i}`)
    expect(tracker.holds(kept)).toBe(true)
    say('4097 4098 t s one-more')
    expect(tracker.outlives(kept)).toBe(false)
    expect(tracker.holds(read(1e9))).toBe(true)
  })

  it('is not current after a lost connection, but may be served in an outage', () => {
    const kept = read(100)
    loseConnection()
    loseConnection()
    expect(gaps).toBe(1)
    expect(tracker.holds(kept)).toBe(false)
    expect(tracker.outlives(kept)).toBe(true)
    // The tracker accepts the first message of a new connection without its predecessor.
    const fresh = read(200)
    say('500 501 k s other')
    expect(tracker.holds(fresh)).toBe(true)
  })
})
