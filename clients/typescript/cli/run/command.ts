import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { note } from '../output.js'
import type { Ended, Task } from './messages.js'

/** Exit codes of a shell for a command that cannot be run. */
const NOT_FOUND = 127
const NOT_EXECUTABLE = 126

/** The command with what it started: a process group of its own, unless it is on the terminal. */
export class RunningCommand {
  readonly target: number
  /** When the command has ended, and what it left behind. */
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  #killing: ReturnType<typeof setTimeout> | undefined

  constructor({ command: [file, ...args], isOnTerminal }: Task, fence: number) {
    this.#child = spawn(file, args, {
      // Every process that keeps descriptor 3 open belongs to the command.
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
      detached: !isOnTerminal,
      env: { ...process.env, LOCKSTEP_FENCE: String(fence) },
    })
    const { pid = 0 } = this.#child
    this.target = isOnTerminal ? pid : -pid
    this.ended = this.#end(file)
  }

  signal(signal: NodeJS.Signals): void {
    sendSignal(this.target, signal)
  }

  /** TERM now, KILL after `graceMs`. */
  end(graceMs: number): void {
    this.signal('SIGTERM')
    clearTimeout(this.#killing)
    this.#killing = setTimeout(() => this.signal('SIGKILL'), graceMs)
  }

  async #end(file: string): Promise<Ended> {
    const alive = this.#child.stdio[3] as Readable
    const left = new Promise((resolve) => alive.resume().once('close', resolve))
    const ended = await new Promise<Ended>((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ kind: 'ended', code, signal }))
      this.#child.once('error', (error: NodeJS.ErrnoException) => {
        note(`${file} cannot be run: ${error.code ?? error.message}`)
        const code = error.code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE
        resolve({ kind: 'ended', code, signal: null })
      })
    })
    await left
    clearTimeout(this.#killing)
    return ended
  }
}

/** To a pid, to a group by its negative, or to nothing by 0. */
export function sendSignal(target: number, signal: NodeJS.Signals): void {
  if (target === 0) return
  try {
    process.kill(target, signal)
  } catch {
    // All of it has ended.
  }
}
