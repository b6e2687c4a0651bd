// Sums vitest's own reports: `N passed, N failed`. A stage that failed without a failed test of its
// own (types, lint, a start that did not start) counts as one.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const [folder] = process.argv.slice(2)
const names = readdirSync(folder)

/** A file that could not be loaded has no tests to fail. */
const brokenFiles = (report) =>
  report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  ).length

let passed = 0
let failed = 0
for (const stage of new Set(names.map((name) => path.parse(name).name))) {
  let failures = 0
  if (names.includes(`${stage}.json`)) {
    const report = JSON.parse(readFileSync(path.join(folder, `${stage}.json`), 'utf8'))
    passed += report.numPassedTests
    failures = report.numFailedTests + brokenFiles(report)
  }
  if (failures === 0 && names.includes(`${stage}.failed`)) failures = 1
  if (failures > 0) console.log(`failed: ${stage}`)
  failed += failures
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
