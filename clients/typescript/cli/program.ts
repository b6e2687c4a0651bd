import { Command, Option } from 'commander'
import { boardsCommand } from './commands/boards.js'
import { cacheCommand } from './commands/cache.js'
import { completionCommand } from './commands/completion.js'
import { limitsCommand } from './commands/limits.js'
import { locksCommand } from './commands/locks.js'
import { queuesCommand } from './commands/queues.js'
import { runCommand } from './commands/run.js'
import { statusCommand } from './commands/status.js'
import { streamsCommand } from './commands/streams.js'
import { tokenCommand } from './commands/token.js'
import { topCommand } from './commands/top.js'
import { duration } from './values.js'

const EXIT_CODES = `
Exit codes:
  0   done
  1   not found, or a part of the work was refused
  64  wrong use, or a request that the service refuses
  69  no service answers, or it cannot serve
  74  the output cannot be written
  75  taken, limited or full: try again later
  77  the API token is missing, unknown, or does not allow it

docs/command-line.md has examples.`

const COMMANDS = [
  runCommand,
  locksCommand,
  cacheCommand,
  limitsCommand,
  boardsCommand,
  queuesCommand,
  streamsCommand,
  topCommand,
  statusCommand,
  tokenCommand,
  completionCommand,
]

/** All commands, without running one. */
export function createProgram(version: string): Command {
  const program = new Command('lockstep')
    .description('Work with a Lockstep service from a shell.')
    .version(version, '-V, --version', 'print the version')
    .addOption(
      new Option('--url <url>', 'base URL or unix:/PATH, or several with commas').env(
        'LOCKSTEP_URL',
      ),
    )
    .addOption(new Option('--namespace <name>', 'namespace').env('LOCKSTEP_NAMESPACE'))
    .addOption(
      new Option('--token-file <file>', 'file with the API token; LOCKSTEP_TOKEN has it itself'),
    )
    .option(
      '--timeout <time>',
      'how long a call may take, with its repeats',
      duration(1, 3_600_000),
    )
    .option('--json', 'print JSON for programs')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXIT_CODES)
  for (const create of COMMANDS) program.addCommand(create())
  adopt(program)
  return program
}

/** Errors are thrown, and say how to use the command. */
function adopt(command: Command): void {
  command.exitOverride().configureOutput({
    outputError: (text, write) => write(text.replace(/^error: /, 'lockstep: ')),
  })
  command.showHelpAfterError(`${usageOf(command)}; --help says more`)
  for (const child of command.commands) {
    child.configureHelp(command.configureHelp())
    adopt(child)
  }
}

const usageOf = (command: Command) => `usage: ${command.createHelp().commandUsage(command)}`
