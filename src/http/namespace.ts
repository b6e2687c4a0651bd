import { invalid, problem } from './problem.js'

export const NAMESPACE_PATTERN = '^[a-z0-9][a-z0-9-]{0,62}$'
const NAMESPACE = new RegExp(NAMESPACE_PATTERN)

const DEFAULT_NAMESPACE = 'default'

/**
 * The requested namespace; without one, the only one granted, else `default`.
 * @param asked the Lockstep-Namespace header
 * @param granted names, or `*` for all
 */
export function namespaceOf(
  asked: string | string[] | undefined,
  granted: readonly string[],
): string {
  if (asked !== undefined && (typeof asked !== 'string' || !NAMESPACE.test(asked))) {
    throw invalid('header/lockstep-namespace', `must match ${NAMESPACE_PATTERN}`)
  }
  const [first = DEFAULT_NAMESPACE] = granted
  if (asked === undefined && granted.length === 1 && first !== '*') return first
  const namespace = asked ?? DEFAULT_NAMESPACE
  if (granted.includes('*') || granted.includes(namespace)) return namespace
  throw problem(
    'forbidden',
    asked === undefined
      ? 'The token works in several namespaces; name one in the header Lockstep-Namespace.'
      : `The token does not work in the namespace "${namespace}".`,
  )
}
