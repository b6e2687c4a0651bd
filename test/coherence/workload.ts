import { setTimeout as sleep } from 'node:timers/promises'
import type { Life } from './checkers.js'
import type { History, Value } from './history.js'

interface Key {
  readonly space: string
  readonly name: string
  readonly tag: string
}

/** `calm` changes rarely, so that its windows end; `busy` changes all the time. */
const SPACES: Readonly<Record<string, Life>> = {
  busy: { ttlMs: 4_000, staleMs: 1_000 },
  calm: { ttlMs: 20_000, staleMs: 1_000 },
}
export const CONFIG_FILE = `spaces:
${Object.entries(SPACES)
  .map(
    ([name, life]) => `  ${name}: ${JSON.stringify({ ...life, jitter: 0, leaseMs: 500, l1: {} })}`,
  )
  .join('\n')}
`
const BUSY: readonly Key[] = Array.from({ length: 8 }, (_, i) => ({
  space: 'busy',
  name: `b${i}`,
  tag: `t${i % 2}`,
}))
const CALM: readonly Key[] = ['c0', 'c1', 'c2'].map((name) => ({
  space: 'calm',
  name,
  tag: 'calm',
}))

const idOf = ({ space, name }: Key): string => `${space}/${name}`
export const lifeOf = (key: string): Life => SPACES[key.split('/')[0] as string] as Life

/** Callers time out before a stopped instance resumes. */
const TIMEOUT_MS = 1_000

const below = (n: number): number => Math.floor(Math.random() * n)
const oneOf = <T>(list: readonly T[]): T => list[below(list.length)] as T

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** Writers, readers and loaders at random instances; each records what it knows. */
export class Workload {
  readonly #urls: readonly string[]
  readonly #history: History
  readonly #truths = new Map<string, number>()
  /** Changes of one source run one after another, as in a database. */
  readonly #turns = new Map<string, Promise<unknown>>()
  #ids = 0
  #isOver = false

  constructor(urls: readonly string[], history: History) {
    this.#urls = urls
    this.#history = history
  }

  /** @returns a function that stops the load after the requests in flight are answered */
  start(): () => Promise<void> {
    const loops = [
      ...Array.from({ length: 8 }, () =>
        this.#repeat(12, () => this.#read(oneOf([...BUSY, ...CALM]))),
      ),
      ...Array.from({ length: 4 }, () => this.#repeat(10, () => this.#load(oneOf(BUSY)))),
      ...Array.from({ length: 2 }, () => this.#repeat(10, () => this.#loadLate(oneOf(BUSY)))),
      this.#repeat(120, () => this.#change(oneOf(BUSY))),
      this.#repeat(900, () => this.#soften(oneOf(CALM))),
      this.#repeat(3_000, () => this.#put(oneOf(CALM))),
    ]
    return async () => {
      this.#isOver = true
      await Promise.all(loops)
    }
  }

  async #repeat(mostMs: number, act: () => Promise<void>): Promise<void> {
    while (!this.#isOver) {
      await act()
      await sleep(below(mostMs))
    }
  }

  async #call(path: string, init: RequestInit = {}): Promise<Answer | undefined> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const response = await fetch(`${oneOf(this.#urls)}/v1/cache/${path}`, { ...init, signal })
      return { status: response.status, headers: response.headers, text: await response.text() }
    } catch {
      return undefined
    }
  }

  async #read(key: Key): Promise<void> {
    const goesToRedis = below(4) === 0
    const headers: Record<string, string> = goesToRedis ? { 'cache-control': 'no-cache' } : {}
    await this.#look(idOf(key), headers, goesToRedis)
  }

  /** @param isAlone if it reads Redis, it shares no read with other requests */
  async #look(
    path: string,
    headers: Record<string, string> = {},
    isAlone = true,
  ): Promise<Answer | undefined> {
    const beganAt = performance.now()
    const answer = await this.#call(path, { headers })
    if (answer?.status === 200) {
      const fromMemory = answer.headers.get('cache-status')?.includes('detail=L1') ?? false
      this.#history.reads.push({
        id: answer.text,
        state: answer.headers.get('lockstep-state') as 'fresh' | 'stale',
        fromMemory,
        isDirect: isAlone && !fromMemory,
        beganAt,
      })
    }
    return answer
  }

  /**
   * Reads, with or without a wait, and loads if granted the lease; some loads outlast the lease.
   */
  async #load(key: Key): Promise<void> {
    const answer = await this.#look(`${idOf(key)}?lease=true&waitMs=${below(2) * 300}`)
    const lease = answer?.headers.get('lockstep-lease')
    if (!lease) return
    const id = this.#newValue(key, false)
    await sleep(below(10) === 0 ? below(1_500) : below(150))
    await this.#fill(key, id, lease)
  }

  /** Like `#load`, but stores an out-of-date value, after a possible repeat of its request. */
  async #loadLate(key: Key): Promise<void> {
    const headers = { 'lockstep-lease': `token-of-load-${this.#ids++}-padded` }
    const ask = () => this.#look(`${idOf(key)}?lease=true`, headers)
    const lease = (await ask())?.headers.get('lockstep-lease')
    if (!lease) return
    const id = this.#newValue(key, false)
    const value = this.#history.values.get(id) as Value
    const givesUpAt = performance.now() + 2_000
    while (performance.now() < givesUpAt && this.#history.outOfDateAt('hard', value) === Infinity) {
      await sleep(5)
    }
    if (below(2) === 0) await ask()
    await this.#fill(key, id, lease)
  }

  async #fill(key: Key, id: string, lease: string): Promise<void> {
    const beganAt = performance.now()
    const answer = await this.#store(key, id, { 'lockstep-lease': lease })
    if (answer?.status === 412) this.#history.refusedFills += 1
    const isTaken = answer !== undefined && answer.status < 300
    if (isTaken && !answer.headers.has('idempotent-replayed')) {
      this.#history.takenFills.push({ id, beganAt })
    }
  }

  async #change(key: Key): Promise<void> {
    const dice = below(20)
    if (dice < 6) return this.#put(key)
    const mode = below(3) === 0 ? 'soft' : 'hard'
    if (dice < 14) return this.#invalidate(mode, [key], { keys: [key.name] })
    if (dice < 19) {
      const tagged = BUSY.filter(({ tag }) => tag === key.tag)
      return this.#invalidate(mode, tagged, { tags: [key.tag] })
    }
    return this.#invalidate(mode, BUSY, { all: true })
  }

  #soften(key: Key): Promise<void> {
    return below(4) === 0
      ? this.#invalidate('soft', [key], { keys: [key.name] })
      : this.#invalidate('soft', CALM, { tags: ['calm'] })
  }

  #invalidate(mode: 'soft' | 'hard', keys: readonly Key[], what: object): Promise<void> {
    return this.#inTurn(keys, async () => {
      const truths = keys.map((key) => this.#grow(key))
      const answer = await this.#call(`${(keys[0] as Key).space}/invalidate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...what, mode }),
      })
      if (answer?.status !== 204) return
      const ackedAt = performance.now()
      for (const [i, key] of keys.entries()) {
        this.#history.changed(mode, idOf(key), { truth: truths[i] as number, ackedAt })
      }
    })
  }

  #put(key: Key): Promise<void> {
    return this.#inTurn([key], async () => {
      const truth = this.#grow(key)
      const answer = await this.#store(key, this.#newValue(key, true), {})
      if (answer === undefined || answer.status >= 300) return
      this.#history.changed('hard', idOf(key), { truth, ackedAt: performance.now() })
    })
  }

  async #store(key: Key, id: string, headers: Record<string, string>): Promise<Answer | undefined> {
    const answer = await this.#call(idOf(key), {
      method: 'PUT',
      headers: { ...headers, 'surrogate-key': key.tag, 'content-type': 'text/plain' },
      body: id,
    })
    const value = this.#history.values.get(id)
    if (value && answer && answer.status < 300) value.storedAt = performance.now()
    return answer
  }

  #newValue(key: Key, isPlain: boolean): string {
    const id = `${idOf(key)} ${this.#ids++}`
    const truth = this.#truths.get(idOf(key)) ?? 0
    this.#history.values.set(id, { key: idOf(key), truth, isPlain, storedAt: undefined })
    return id
  }

  #grow(key: Key): number {
    const truth = (this.#truths.get(idOf(key)) ?? 0) + 1
    this.#truths.set(idOf(key), truth)
    return truth
  }

  async #inTurn(keys: readonly Key[], change: () => Promise<void>): Promise<void> {
    const before = keys.map((key) => this.#turns.get(idOf(key)))
    const done = Promise.all(before).then(change)
    for (const key of keys) this.#turns.set(idOf(key), done)
    await done
  }
}
