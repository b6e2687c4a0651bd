// npm test: installs and builds if needed, then runs the whole check.
import './node-version.mjs'
import { runNpm, SetUpError, setUp } from './set-up.mjs'

try {
  await setUp()
  process.exitCode = await runNpm(['run', '-s', 'check'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: testEnvironment(),
  })
} catch (error) {
  console.error(error instanceof SetUpError ? error.message : error)
  process.exitCode = 1
}

/**
 * The environment without LOCKSTEP_ settings: no test may touch the Redis of the user's service.
 */
function testEnvironment() {
  const env = Object.entries(process.env).filter(
    ([name]) => !/^LOCKSTEP_(?!TEST_|REDIS_FIND$)/.test(name),
  )
  return { ...Object.fromEntries(env), NODE_ENV: 'test', LOCKSTEP_TEST_BUILT: 'true' }
}
