// npm run token -- NAME: prints a new token and its configuration entry. Stores nothing.
import './node-version.mjs'
import { createHash, randomBytes } from 'node:crypto'

const [name] = process.argv.slice(2)
if (name === undefined || !/^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/.test(name)) {
  console.error('Usage: npm run token -- NAME   (letters, digits, . _ @ -; say who will use it)')
  process.exit(2)
}
// 256 random bits cannot be guessed, so they need no slow hash.
const token = `ls_${randomBytes(32).toString('base64url')}`
const sha256 = createHash('sha256').update(token).digest('hex')
console.log(`Give this token to ${name}; it is shown only now:

  ${token}

Put this under "tokens:" in the configuration file or LOCKSTEP_TOKENS_FILE, narrow it, and send
SIGHUP to the service:

  - name: ${name}
    sha256: ${sha256}
    namespaces: ['*']
    scopes: [locks:write, cache:write, ratelimits:write, leaderboards:write]
`)
