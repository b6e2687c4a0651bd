import { hostname } from 'node:os'
import { isatty } from 'node:tty'
import { Command, Option } from 'commander'
import { EXIT, Failure } from '../failures.js'
import { note } from '../output.js'
import { endAs, runUnderLock } from '../run/front.js'
import { addressOf, type Place } from '../service.js'
import { duration } from '../values.js'

interface RunOptions extends Place {
  readonly wait: number
  readonly ttl: number
  readonly delay: number
  readonly grace: number
  readonly oncePer?: number
  readonly quiet?: true
}

const DAY_MS = 86_400_000

const HELP = `
The command finds the fence in LOCKSTEP_FENCE, and signals reach it. It gets TERM when the lock is
lost, when the holder is asked to give way, and when this program is killed; where there is no
terminal, so do the processes that it started. The program returns when the lock is free: processes
that the command leaves behind keep it while they keep descriptor 3 open.

The exit code is that of the command: 127 if there is no such command, 126 if it cannot be run. With
--once-per it is 0 where the command runs, or ran in this period, elsewhere. The name stays taken
for nine tenths of the period, counted from the start of the command.`

/** As deploy/lock-run.sh, which does the same where there is no Node. */
export const runCommand = () =>
  new Command('run')
    .description('run a command while holding a lock')
    .usage('[options] <name> -- <command> [arguments...]')
    .argument('<name>', 'name of the lock')
    .argument('<command...>', 'what to run')
    .option('-w, --wait <time>', 'how long to wait for the lock', duration(0, 240_000), 0)
    .option(
      '-t, --ttl <time>',
      'how long the lock may outlive this machine or its network (default: 30s)',
      duration(5_000, DAY_MS),
      30_000,
    )
    .option('-d, --delay <time>', 'the lock delay after a crash', duration(0, 3_600_000), 0)
    .option(
      '-g, --grace <time>',
      'between TERM and KILL once the lock is lost, at most a third of --ttl (default: 10s)',
      duration(0, DAY_MS),
      10_000,
    )
    .addOption(
      new Option('--once-per <time>', 'run the command once per period, on one of several machines')
        .argParser(duration(1_000, DAY_MS))
        .conflicts('wait'),
    )
    .option('-q, --quiet', 'with --once-per: say nothing when it runs elsewhere')
    .addHelpText('after', HELP)
    .action(async (name: string, command: [string, ...string[]], _: object, self: Command) => {
      const options = self.optsWithGlobals<RunOptions>()
      check(name, command, options, self)
      const ended = await runUnderLock({
        address: addressOf(options, process.env),
        name,
        command,
        owner: `${hostname()}:${process.pid}`,
        waitMs: options.wait,
        ttlMs: options.ttl,
        lockDelayMs: options.delay,
        graceMs: options.grace,
        periodMs: options.oncePer ?? 0,
        isOnTerminal: [0, 1, 2].some(isatty),
      })
      if (ended.kind === 'ended') return endAs(ended)
      if (ended.kind === 'refused' && ended.code !== EXIT.ok) {
        throw new Failure(ended.code, ended.why)
      }
      if (ended.kind === 'refused' && !options.quiet) note(ended.why)
    })

function check(
  name: string,
  command: readonly string[],
  { oncePer, quiet }: RunOptions,
  self: Command,
): void {
  if (name === '') self.error('error: the name of the lock is missing')
  const { rawArgs } = self.parent as Command & { rawArgs: string[] }
  const isAfterDashes = rawArgs.length - rawArgs.indexOf('--') - 1 === command.length
  if (!isAfterDashes) self.error('error: after the name comes --')
  if (quiet && oncePer === undefined) self.error('error: --quiet is for --once-per')
}
