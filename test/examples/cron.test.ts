import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { runProgram } from '../support/lock-run.js'
import { tempFolder } from '../support/temp-folder.js'
import { EXAMPLES, PROJECT, useExamples } from './programs.js'

const { harness, serviceUrl } = useExamples()

describe('a crontab that is the same on each machine', () => {
  it('runs the report once per period', async ({ skip }) => {
    if (spawnSync('curl', ['--version']).status !== 0) skip('curl is not installed')
    const out = tempFolder()
    const table = readFileSync(path.join(EXAMPLES, 'cron/crontab'), 'utf8')
    const [, line = ''] = /^0 \* \* \* \* +(.*)$/m.exec(table) ?? []
    const command = line.replaceAll('/opt/lockstep', PROJECT).replace('/tmp/reports', out)
    const environment = { LOCKSTEP_URL: serviceUrl(), LOCKSTEP_NAMESPACE: harness.namespace }
    const machines = [1, 2].map(() => runProgram('sh', ['-c', command], environment))
    expect(await Promise.all(machines.map(({ exit }) => exit))).toEqual([0, 0])
    const late = runProgram('sh', ['-c', command], environment)
    expect(await late.exit).toBe(0)
    expect(late.stderr()).toBe('')
    const reports = readdirSync(out)
    expect(machines.map(({ stdout }) => stdout()).join('')).toBe(`${reports[0]}\n`)
    expect(reports).toHaveLength(1)
  })
})
