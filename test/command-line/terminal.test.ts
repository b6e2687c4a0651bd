import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'
import { commandLine } from './tools.js'

const { harness, cli, environment } = await commandLine()

/** The command line on a terminal of 50 columns. */
function startOn(args: string, variables: Readonly<Record<string, string>> = {}) {
  const command = `stty rows 12 cols 50; exec '${process.execPath}' '${cli}' ${args}`
  const terminal = spawn('script', ['-qfec', command, '/dev/null'], {
    env: { ...process.env, ...environment(), TERM: 'xterm', ...variables },
  })
  onTestFinished(() => void terminal.kill('SIGKILL'))
  let screen = ''
  terminal.stdout.on('data', (chunk) => (screen += chunk))
  const exit = new Promise((resolve) => terminal.once('close', resolve))
  return { terminal, exit, screen: () => screen }
}

const startTop = (options: string, variables?: Readonly<Record<string, string>>) =>
  startOn(`top --interval 100ms ${options}`, variables)

it('shows how far an import is, in colour', async () => {
  const file = path.join(tempFolder(), 'arcade.jsonl')
  writeFileSync(file, '{"member":"ada","score":1}\n')
  const { exit, screen } = startOn(`boards import arcade ${file}`)
  expect(await exit).toBe(0)
  expect(screen()).toContain('importing \u{1b}[36m')
  expect(screen()).toContain('100%')
  expect(screen()).toContain('1 entries submitted')
})

it('runs a command that gets Ctrl-C from the terminal', async () => {
  const work = 'trap "echo heard; exit 5" INT; echo ready; while :; do sleep 0.1; done'
  const { terminal, exit, screen } = startOn(`run on-terminal -- sh -c '${work}'`)
  await until('it runs', () => screen().includes('ready'))
  terminal.stdin.write('\x03')
  expect(await exit).toBe(5)
  expect(screen()).toContain('heard')
})

it('draws on a terminal, puts it back, and ends with q', async () => {
  const { terminal, exit, screen } = startTop('')
  await until('it draws', () => screen().includes('requests'))
  terminal.stdin.write('q')
  expect(await exit).toBe(0)
  expect(screen()).toContain('\u{1b}[?1049h')
  expect(screen().trimEnd().endsWith('\u{1b}[?25h\u{1b}[?1049l')).toBe(true)
  const pictures = screen().split('\u{1b}[H').slice(1)
  for (const picture of pictures) expect(picture.split('\n').length).toBeLessThanOrEqual(12)
})

it('ends with q while the service does not answer', async () => {
  let isSilent = false
  let kept = 0
  const between = net.createServer((socket) => {
    const { port } = harness.app.server.address() as AddressInfo
    const onward = net.connect(port, '127.0.0.1')
    socket.on('data', (chunk) => (isSilent ? kept++ : onward.write(chunk)))
    onward.pipe(socket)
    socket.on('error', () => undefined).on('close', () => onward.destroy())
    onward.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void between.close())
  const LOCKSTEP_URL = `http://127.0.0.1:${(between.address() as AddressInfo).port}`
  const { terminal, exit, screen } = startTop('--timeout 1h', { LOCKSTEP_URL })
  await until('it draws', () => screen().includes('requests'))
  isSilent = true
  await until('it asks in vain', () => kept > 0)
  terminal.stdin.write('q')
  expect(await exit).toBe(0)
})
