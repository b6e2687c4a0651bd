import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { note } from '../output.js'
import type { Ended, Task } from './messages.js'

/** Exit codes of a shell for a command that cannot be run. */
const NOT_FOUND = 127
export const NOT_EXECUTABLE = 126

/** The command with what it started: a process group of its own, unless it is on the terminal. */
export class RunningCommand {
  /** 0 when it could not be run. */
  readonly target: number
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess

  /** @param alive every process that keeps it open, as descriptor 3, belongs to the command */
  constructor({ command: [file, ...args], isOnTerminal }: Task, fence: number, alive: Socket) {
    this.#child = spawn(file, args, {
      stdio: ['inherit', 'inherit', 'inherit', alive],
      detached: !isOnTerminal,
      env: { ...process.env, LOCKSTEP_FENCE: String(fence) },
    })
    const { pid = 0 } = this.#child
    this.target = isOnTerminal ? pid : -pid
    this.ended = this.#end(file)
  }

  #end(file: string): Promise<Ended> {
    return new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ kind: 'ended', code, signal }))
      this.#child.once('error', (error: NodeJS.ErrnoException) => {
        note(`${file} cannot be run: ${error.code ?? error.message}`)
        const code = error.code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE
        resolve({ kind: 'ended', code, signal: null })
      })
    })
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

/** Also of a process that belongs to another user. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
