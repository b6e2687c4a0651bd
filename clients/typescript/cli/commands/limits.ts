import { Command, Option } from 'commander'
import type { components } from '../../src/api.js'
import { act, type Context, collect } from '../act.js'
import { EXIT, Failure } from '../failures.js'
import { type Output, time } from '../output.js'
import { count, duration } from '../values.js'

type Schemas = components['schemas']

const YEAR_MS = 366 * 86_400_000

export function limitsCommand(): Command {
  const limits = new Command('limits').description('rate limits: check, look at, and block')
  for (const command of [checkCommand(), showCommand(), blockCommand(), unblockCommand()]) {
    limits.addCommand(command)
  }
  return limits
}

interface CheckOptions {
  readonly cost?: number
  readonly limit?: number
  readonly window?: number
  readonly peek?: true
}

const checkCommand = () =>
  new Command('check')
    .description('take from a limit; exit code 75 if it is denied')
    .argument('<policy>', 'a policy, or with --limit and --window the name of a limit')
    .argument('<key>', 'who or what is limited')
    .option('--cost <n>', 'how much of the limit to take', count(0))
    .option('--limit <n>', 'a limit without a policy', count(0))
    .option('--window <time>', 'its window', duration(1, YEAR_MS))
    .option('--peek', 'look, and take nothing')
    .action(
      act(async ({ call, out }, policy: string, key: string, options: CheckOptions) => {
        const { cost, peek } = options
        const limit = { ...named(policy, options), key, ...(cost !== undefined && { cost }) }
        const { json } = await call('checkRateLimits', {
          body: { limits: [limit], ...(peek && { peek }) },
        })
        out.show(json, () => printResults(out, json.results))
        if (!json.allowed) throw new Failure(EXIT.later)
      }),
    )

function named(name: string, { limit, window }: CheckOptions): object {
  if (limit === undefined && window === undefined) return { policy: name }
  if (limit !== undefined && window !== undefined) return { name, limit, windowMs: window }
  throw new Failure(EXIT.usage, '--limit and --window go together')
}

function printResults(out: Output, results: readonly Schemas['RateLimitResult'][]): void {
  const rows = results.map((one) => [
    one.policy,
    one.key,
    one.blocked ? 'blocked' : one.allowed ? 'allowed' : 'denied',
    one.remaining,
    one.limit,
    time(one.resetAfterMs),
    one.allowed ? undefined : time(one.retryAfterMs),
  ])
  out.table(['POLICY', 'KEY', 'DECISION', 'LEFT', 'OF', 'FULL IN', 'RETRY IN'], rows, '')
}

const showCommand = () =>
  new Command('show')
    .description('list the policies, or show one and the subjects that it denies most')
    .argument('[policy]')
    .addOption(new Option('--limit <n>', 'rows at most').argParser(count(1, 256)).default(20))
    .action(
      act((context, policy: string | undefined, { limit }: { limit: number }) =>
        policy === undefined ? listPolicies(context, limit) : showPolicy(context, policy, limit),
      ),
    )

async function listPolicies({ call, out }: Context, limit: number): Promise<void> {
  const policies = await collect(
    limit,
    async (query) => (await call('listRateLimitPolicies', { query })).json,
  )
  out.show(policies, () => {
    const rows = policies.map(({ name, algorithm, ...one }) => [
      name,
      algorithm ?? 'gcra',
      one.limit,
      windowOf(one),
      one.shadow ? 'shadow' : 'enforced',
      one.source,
    ])
    out.table(['POLICY', 'ALGORITHM', 'LIMIT', 'PER', 'MODE', 'SOURCE'], rows, 'no policy')
  })
}

const windowOf = ({ windowMs, period }: Pick<Schemas['RateLimitPolicy'], 'windowMs' | 'period'>) =>
  time(windowMs) ?? period

async function showPolicy({ call, out }: Context, policy: string, limit: number): Promise<void> {
  const path = { policy }
  const { json: settings } = await call('getRateLimitPolicy', { path })
  const { json: denied } = await call('listTopDeniedSubjects', { path, query: { limit } })
  out.show({ policy: settings, denied: denied.items }, () => {
    const { name, algorithm = 'gcra', source, findings = [] } = settings
    out.fields([
      ['policy', name],
      ['algorithm', algorithm],
      ['limit', `${settings.limit} per ${windowOf(settings) ?? 'lease'}`],
      ['burst', settings.burst],
      ['on error', settings.onError],
      ['shadow', settings.shadow ? 'yes' : undefined],
      ['source', source],
      ['findings', findings.join(' ')],
    ])
    out.line('')
    const rows = denied.items.map(({ key, denials }) => [key, denials])
    out.table(['DENIED', 'TIMES'], rows, 'no subject was denied')
  })
}

const blockCommand = () =>
  new Command('block')
    .description('deny every check of a subject for a time')
    .argument('<policy>')
    .argument('<key>')
    .requiredOption('--for <time>', 'how long', duration(1, YEAR_MS))
    .action(
      act(async ({ call, out }, policy: string, key: string, options: { for: number }) => {
        const body = { key, ttlMs: options.for }
        const { json } = await call('blockRateLimitSubject', { path: { policy }, body })
        out.show(json, () => out.line(`blocked for ${time(json.expiresInMs)}`))
      }),
    )

const unblockCommand = () =>
  new Command('unblock')
    .description('end the block of a subject; exit code 1 if there is none')
    .argument('<policy>')
    .argument('<key>')
    .action(
      act(async ({ call, out }, policy: string, key: string) => {
        const { json } = await call('unblockRateLimitSubject', { path: { policy }, body: { key } })
        out.show(json, () => out.line(json.changed ? 'unblocked' : 'was not blocked'))
        if (!json.changed) throw new Failure(EXIT.missing)
      }),
    )
