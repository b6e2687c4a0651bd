// Reads `go test -json`, prints what failed, and writes the report of it that tally.mjs reads, if
// LOCKSTEP_TEST_REPORT names a file.
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const output = new Map()
const results = []
for await (const line of createInterface(process.stdin)) {
  const { Action, Test, Output = '' } = JSON.parse(line)
  if (Action === 'output' || Action === 'build-output') {
    output.set(Test, (output.get(Test) ?? '') + Output)
  }
  if (Action === 'pass' || Action === 'fail') results.push({ Test, passed: Action === 'pass' })
}

const tests = results.filter(({ Test }) => Test)
const passed = tests.filter((test) => test.passed)
const failed = tests.filter((test) => !test.passed)
for (const { Test } of failed) console.log(output.get(Test))
const ended = results.find(({ Test }) => !Test)
if (!ended?.passed) console.log(output.get(undefined))
console.log(`${passed.length} passed, ${failed.length} failed`)

/** The line of the test that failed. */
const failureOf = (test) => output.get(test)?.match(/\S+\.go:\d+: .*/)?.[0] ?? ''

const assertionResults = failed.map(({ Test }) => ({
  status: 'failed',
  fullName: Test,
  failureMessages: [failureOf(Test)],
}))
const file = {
  name: `${process.cwd()}/go.mod`,
  status: ended?.passed ? 'passed' : 'failed',
  message: output.get(undefined),
  assertionResults,
}
if (process.env.LOCKSTEP_TEST_REPORT) {
  const report = { numPassedTests: passed.length, testResults: [file] }
  writeFileSync(process.env.LOCKSTEP_TEST_REPORT, JSON.stringify(report))
}
process.exitCode = ended?.passed ? 0 : 1
