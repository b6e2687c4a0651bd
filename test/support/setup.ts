import { setTimeout as plainSetTimeout } from 'node:timers'
import fc from 'fast-check'
import { afterAll, afterEach } from 'vitest'
import { forgetLogs, writeLogs } from './kept-logs.js'

// Files share workers: a file that leaves fake timers hangs the next one.
if (setTimeout !== plainSetTimeout) throw new Error('a file before this one left its setTimeout')

// Every run of a commit generates the same cases; `.ci/long` sets other seeds.
fc.configureGlobal({ seed: Number(process.env.LOCKSTEP_SEED ?? 1) })

let areKept = false

function keep(name: string): void {
  areKept = true
  process.stderr.write(`The logs of the service and of Redis in "${name}": ${writeLogs()}\n`)
}

afterEach(({ task }) => {
  if (task.result?.state === 'fail') keep(task.name)
})

// biome-ignore lint/correctness/noEmptyPattern: vitest wants to read which fixtures are used
afterAll(({}, file) => {
  // After a failed hook no test may have run, so `afterEach` kept no logs.
  if (file.result?.state === 'fail' && !areKept) keep(file.name)
  areKept = false
  forgetLogs()
})
