// Sums vitest's own reports: `N passed, N failed`. A stage that failed without a failed test of its
// own (types, lint, a start that did not start) counts as one. Names what failed once more at the
// end, for a log of which only the end is kept.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const [folder] = process.argv.slice(2)
const names = readdirSync(folder)

const firstLine = (message = '') => message.split('\n', 1)[0]

/** What failed in a file: its tests, or the file itself if no test did (it could not be loaded). */
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
