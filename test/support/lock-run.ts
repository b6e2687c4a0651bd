import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { onTestFinished } from 'vitest'

export const LOCK_RUN = path.resolve(import.meta.dirname, '../../deploy/lock-run.sh')

export interface Run {
  readonly child: ChildProcess
  /** The exit code, or the signal that ended it. */
  readonly exit: Promise<number | string | null>
  readonly stdout: () => string
  readonly stderr: () => string
}

/** Starts a program; it is killed when the test is over. */
export function runProgram(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Run {
  const child = spawn(program, args, { env: { ...process.env, ...environment } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const exit = new Promise<number | string | null>((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code)),
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, exit, stdout: () => stdout, stderr: () => stderr }
}
