// Sums vitest's own reports: `N passed, N failed`. A stage that failed without a failed test
// (types, lint, a failed start) counts as one. Repeats the failures at the end, because some logs
// keep only the end.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const [folder] = process.argv.slice(2)
const names = readdirSync(folder)

const firstLine = (message = '') => message.split('\n', 1)[0]

/** The failures of a file: its failed tests, or the file itself if it did not load. */
const failuresIn = ({ name, status, message, assertionResults }) => {
  const file = path.relative(process.cwd(), name)
  const tests = assertionResults.filter((test) => test.status === 'failed')
  if (tests.length === 0 && status === 'failed') return [`${file}: ${firstLine(message)}`]
  return tests.map((test) => `${file} > ${test.fullName}: ${firstLine(test.failureMessages[0])}`)
}

let passed = 0
let failed = 0
for (const stage of new Set(names.map((name) => path.parse(name).name))) {
  let failures = []
  if (names.includes(`${stage}.json`)) {
    const report = JSON.parse(readFileSync(path.join(folder, `${stage}.json`), 'utf8'))
    passed += report.numPassedTests
    failures = report.testResults.flatMap(failuresIn)
  }
  if (failures.length === 0 && names.includes(`${stage}.failed`)) {
    failures = [readFileSync(path.join(folder, `${stage}.failed`), 'utf8').trim()]
  }
  for (const failure of failures) console.log(`failed: ${stage}: ${failure}`)
  failed += failures.length
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
