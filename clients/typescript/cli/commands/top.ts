import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import type { CallOptions } from '../../src/transport.js'
import { act, type Context } from '../act.js'
import { failureOf } from '../failures.js'
import { linesOf } from '../lines.js'
import { Service } from '../service.js'
import { fitted, frameOf } from '../top/frame.js'
import { Interval, parseMetrics, type Scrape } from '../top/metrics.js'
import { Screen } from '../top/screen.js'
import { type Denied, numbersOf, type View } from '../top/view.js'
import { duration } from '../values.js'

interface TopOptions {
  readonly once?: true
  readonly interval: number
  readonly metricsUrl?: string
}

export const topCommand = () =>
  new Command('top')
    .description('watch rates, latencies, locks waited for and denied subjects; q ends it')
    .option('--once', 'print one picture, as where there is no terminal')
    .option('--interval <time>', 'between two pictures (default: 2s)', duration(100, 60_000), 2_000)
    .option('--metrics-url <url>', 'base URL of /metrics, where operators have their own address')
    .action(
      act(async (context, options: TopOptions) => {
        const source = new Source(context, options.metricsUrl)
        if (options.once || context.out.isJson || !process.stdout.isTTY) {
          const before = await source.scrape()
          await sleep(options.interval)
          const view = await source.view(before)
          context.out.show(view, () => {
            for (const line of frameOf(view, context.out)) context.out.line(line)
          })
        } else {
          await watch(context, source, options.interval)
        }
      }),
    )

async function watch({ out }: Context, source: Source, intervalMs: number): Promise<void> {
  let before = await source.scrape()
  const screen = new Screen(fitted)
  screen.open()
  screen.show(['measuring ...'])
  try {
    for (;;) {
      await sleep(intervalMs, undefined, { signal: screen.signal }).catch(() => undefined)
      if (screen.signal.aborted) return
      try {
        const after = await source.scrape(screen.signal)
        screen.show(frameOf(await source.view(before, after, screen.signal), out))
        before = after
      } catch (error) {
        if (screen.signal.aborted) return
        screen.show([out.paint('red', failureOf(error).message), 'it is asked again; q ends this'])
      }
    }
  } finally {
    screen.close()
  }
}

interface Taken {
  readonly at: number
  readonly scrape: Scrape
}

/** Names that are looked at for each picture. */
const LOCKS = 1_000
const POLICIES = 20
const SUBJECTS = 8

/** Where a picture comes from: /metrics of one instance, and the lists of the namespace. */
class Source {
  readonly #context: Context
  readonly #metrics: Service

  constructor(context: Context, metricsUrl: string | undefined) {
    this.#context = context
    const { service } = context
    this.#metrics =
      metricsUrl === undefined ? service : new Service({ ...service.address, urls: [metricsUrl] })
  }

  async scrape(signal?: AbortSignal): Promise<Taken> {
    const at = performance.now()
    const response = await this.#metrics.open('/metrics', signal ? { signal } : {})
    const lines: string[] = []
    for await (const line of linesOf(response, this.#metrics.address.attemptMs)) lines.push(line)
    return { at, scrape: parseMetrics(lines.join('\n')) }
  }

  async view(before: Taken, after?: Taken, signal?: AbortSignal): Promise<View> {
    const { call } = this.#context
    const options = signal ? { signal } : {}
    const now = after ?? (await this.scrape())
    const [{ json: status }, locks, denied] = await Promise.all([
      call('getStatus', {}, options),
      call('listLocks', { query: { limit: LOCKS } }, options),
      this.#denied(options),
    ])
    const { redis, version, uptimeMs } = status
    const seconds = (now.at - before.at) / 1_000
    return {
      version,
      uptimeMs,
      redis: redis.up ? 'up' : `down: ${redis.reason ?? 'it does not answer'}`,
      ...numbersOf(new Interval(before.scrape, now.scrape, seconds)),
      locks: locks.json.items
        .filter(({ queueLength }) => queueLength > 0)
        .sort((one, other) => other.queueLength - one.queueLength),
      denied,
    }
  }

  async #denied(options: CallOptions): Promise<Denied[]> {
    const { call } = this.#context
    const { json } = await call('listRateLimitPolicies', { query: { limit: POLICIES } }, options)
    const lists = json.items.map(async ({ name: policy }) => {
      const input = { path: { policy }, query: { limit: SUBJECTS } }
      const { items } = (await call('listTopDeniedSubjects', input, options)).json
      return items.map(({ key, denials }) => ({ policy, key, denials }))
    })
    const denied = (await Promise.all(lists)).flat()
    return denied.sort((one, other) => other.denials - one.denials).slice(0, SUBJECTS)
  }
}
