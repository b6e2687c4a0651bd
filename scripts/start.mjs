// npm start: installs and builds if needed, then runs the service in this process, so that a signal
// to npm or to this pid reaches it.
import './node-version.mjs'
import { SetUpError, setUp } from './set-up.mjs'

try {
  await setUp()
} catch (error) {
  console.error(error instanceof SetUpError ? error.message : error)
  process.exit(1)
}
await import('../dist/main.js')
