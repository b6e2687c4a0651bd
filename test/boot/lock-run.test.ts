import { spawn } from 'node:child_process'
import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { LOCK_RUN } from '../support/lock-run.js'
import { itRunsUnderLock, started, underLock } from '../support/run-contract.js'

const harness = useHarness()
const tools = underLock(harness, { command: [LOCK_RUN], says: 'lock-run' })
const { run, runWith, ask, state, startPath } = tools

describe('deploy/lock-run.sh', () => {
  itRunsUnderLock(tools)

  it.each(['sh', 'bash'])(
    'runs a command under the lock, as if it were the command: %s',
    async (shell) => {
      const name = `a name/with "quotes", ünd more ${shell}`
      const { child, exit, stdout } = runWith(shell, [
        LOCK_RUN,
        name,
        '--',
        'sh',
        '-c',
        'read line; echo "$line $1 $LOCKSTEP_FENCE"; exit 7',
        'sh',
        'two words',
      ])
      await state(encodeURIComponent(name), 'held')
      const { holders } = await ask('GET', encodeURIComponent(name))
      expect(holders[0]?.owner).toContain(String(child.pid))
      const fence = holders[0]?.fence
      child.stdin?.end('from-stdin\n')

      expect(await exit).toBe(7)
      expect(stdout()).toBe(`from-stdin two words ${fence}\n`)
      await state(encodeURIComponent(name), 'free')
    },
  )

  it.each([
    [[], 'the name of the lock is missing'],
    [['x'], 'after the name comes --'],
    [['x', 'true', 'a'], 'after the name comes --'],
    [['x', '--'], 'the command is missing'],
    [['-w', 'y', 'x', '--', 'true'], '-w takes whole seconds, not "y"'],
    [['-t', '4', 'x', '--', 'true'], '-t takes 5 to 86400 seconds, not 4'],
    [['-w'], '-w takes whole seconds'],
    [['--once', 'x', '--', 'true'], 'there is no option --once'],
    [['--once-per', '0', 'x', '--', 'true'], '--once-per takes 1 to 86400 seconds, not 0'],
    [['--once-per', '60', '-w', '1', 'x', '--', 'true'], '--once-per does not wait'],
    [['-q', 'x', '--', 'true'], '-q is for --once-per'],
  ])('says what is wrong with its arguments: %j', async (args, fault) => {
    const wrong = run(args)
    expect(await wrong.exit).toBe(64)
    expect(wrong.stderr()).toContain(`lock-run: ${fault}`)
    expect(wrong.stderr()).toContain('usage: lock-run.sh')
  })

  it('lists its options and exit codes', async () => {
    const { exit, stdout } = runWith('sh', [LOCK_RUN, '--help'])
    expect(await exit).toBe(0)
    expect(stdout()).toMatch(/^Runs a command/)
    for (const part of ['-w SECONDS', '--once-per SECONDS', 'LOCKSTEP_TOKEN', '  77  '])
      expect(stdout()).toContain(part)
    expect(stdout()).not.toContain('set -u')
  })

  it('ends without a word while its stream has more to say', async () => {
    let stream: ServerResponse | undefined
    const LOCKSTEP_URL = await startPath((path, response) => {
      if (path.endsWith('/hold')) stream = response
      // More than the pipes of the script take.
      if (path.endsWith('/release')) stream?.write(': a comment\n'.repeat(50_000))
      return true
    })
    const { exit, stderr } = run(['talks', '--', 'true'], { LOCKSTEP_URL })
    expect(await exit).toBe(0)
    expect(stderr()).toBe('')
    await state('talks', 'free')
  })

  it('shows no secret in the list of processes', async () => {
    const { child, exit } = run(['secret', '--', 'sleep', '600'], { LOCKSTEP_TOKEN: 'top-secret' })
    await started(child)
    const commands = await listProcesses()
    expect(commands).toContain('curl --config')
    expect(commands).not.toContain('top-secret')
    child.kill()
    await exit
  })
})

async function listProcesses(): Promise<string> {
  const ps = spawn('ps', ['-eo', 'args'])
  let text = ''
  for await (const chunk of ps.stdout) text += chunk
  return text
}
