import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { expect } from 'vitest'
import { ensureCli } from '../support/cli.js'
import { useHarness } from '../support/harness.js'
import { type Run, runProgram } from '../support/lock-run.js'
import { tempFolder } from '../support/temp-folder.js'
import { tokensYaml } from '../support/tokens.js'

const TOKEN = 'the-token-of-an-operator'
const READER = 'the-token-of-a-reader'

const WRITES = ['locks', 'cache', 'ratelimits', 'leaderboards', 'queues', 'streams']

/** The command line, and a service that its commands ask as an operator. */
export async function commandLine() {
  const harness = useHarness({
    configFile: tokensYaml([
      {
        token: TOKEN,
        scopes: ['admin', 'operations:read', ...WRITES.map((name) => `${name}:write`)],
      },
      { token: READER, scopes: ['locks:read'] },
    ]),
  })
  const cli = await ensureCli()
  const url = () => `http://127.0.0.1:${(harness.app.server.address() as AddressInfo).port}`
  const environment = () => ({
    LOCKSTEP_URL: url(),
    LOCKSTEP_NAMESPACE: harness.namespace,
    LOCKSTEP_TOKEN: TOKEN,
  })

  const start = (args: readonly string[], more: Readonly<Record<string, string>> = {}): Run =>
    runProgram(process.execPath, [cli, ...args], { ...environment(), ...more })

  /** Runs it to its end, with this on standard input. */
  const lockstep = async (args: readonly string[], input = '', more = {}) => {
    const { child, exit, stdout, stderr } = start(args, more)
    child.stdin?.end(input)
    return { code: await exit, stdout: stdout(), stderr: stderr() }
  }

  /** The JSON that a successful command prints. */
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await lockstep([...args, '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return JSON.parse(stdout)
  }

  /** Runs a script of a shell that has `lockstep` on its PATH. */
  const shell = (program: string, script: string): Run => {
    const folder = tempFolder()
    const file = path.join(folder, 'lockstep')
    writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`, { mode: 0o755 })
    const PATH = `${folder}:${process.env.PATH}`
    return runProgram(program, ['-c', script], { ...environment(), PATH, HOME: folder })
  }
  return { harness, cli, url, environment, start, lockstep, json, shell, TOKEN, READER }
}
