import { createHash, randomBytes } from 'node:crypto'
import { Command, InvalidArgumentError } from 'commander'
import { Output } from '../output.js'
import { several } from '../values.js'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/

function toName(text: string): string {
  if (NAME.test(text)) return text
  throw new InvalidArgumentError('It has letters, digits, . _ @ - and says who will use it.')
}

/** The service checks the rest. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/

function toInstant(text: string): string {
  if (INSTANT.test(text) && !Number.isNaN(Date.parse(text))) return text
  throw new InvalidArgumentError('It has the form 2027-01-31T00:00:00Z.')
}

/** A scope is plain in YAML, the names that narrow it may be any text. */
const toYaml = (scope: string): string =>
  /^[a-z:-]+$/.test(scope) ? scope : `'${scope.replaceAll("'", "''")}'`

const DOMAINS = ['locks', 'cache', 'ratelimits', 'leaderboards', 'queues', 'streams']

interface TokenOptions {
  readonly json?: boolean
  readonly allow?: string[]
  readonly scope?: string[]
  readonly expiresAt?: string
}

const newCommand = () =>
  new Command('new')
    .description('make an API token and its entry for the configuration; stores nothing')
    .argument('<name>', 'who will use it', toName)
    .option(
      '--allow <namespace>',
      'a namespace it may use; may be repeated (default: all)',
      several,
    )
    .option('--scope <scope>', 'what it may do; may be repeated (default: all but admin)', several)
    .option(
      '--expires-at <time>',
      'when it ends, as in 2027-01-31T00:00:00Z (default: never)',
      toInstant,
    )
    .action((name: string, _: object, self: Command) => {
      const options = self.optsWithGlobals<TokenOptions>()
      const {
        expiresAt,
        allow = ['*'],
        scope = DOMAINS.map((domain) => `${domain}:write`),
      } = options
      // 256 random bits cannot be guessed, so they need no slow hash.
      const token = `ls_${randomBytes(32).toString('base64url')}`
      const sha256 = createHash('sha256').update(token).digest('hex')
      const entry = {
        name,
        sha256,
        namespaces: allow,
        scopes: scope,
        ...(expiresAt && { expiresAt }),
      }
      const out = new Output(options)
      out.show({ token, entry }, () => {
        out.line(`Give this token to ${name}; it is shown only now:\n\n  ${token}\n`)
        out.line('Put this under "tokens:" in the configuration file or LOCKSTEP_TOKENS_FILE, and')
        out.line('send SIGHUP to the service:\n')
        out.line(`  - name: ${name}\n    sha256: ${sha256}`)
        out.line(`    namespaces: [${allow.map((one) => `'${one}'`).join(', ')}]`)
        out.line(`    scopes: [${scope.map(toYaml).join(', ')}]`)
        if (expiresAt) out.line(`    expiresAt: ${expiresAt}`)
      })
    })

export function tokenCommand(): Command {
  return new Command('token').description('API tokens').addCommand(newCommand())
}
