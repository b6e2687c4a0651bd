import { createHash } from 'node:crypto'
import { stringify } from 'yaml'

export interface TestToken {
  readonly token: string
  readonly name?: string
  readonly namespaces?: readonly string[]
  readonly scopes: readonly string[]
  readonly expiresAt?: string
}

/** The section `tokens:` of a configuration file. */
export const tokensYaml = (tokens: readonly TestToken[]): string =>
  stringify({
    tokens: tokens.map(({ token, name = token, namespaces = ['*'], scopes, expiresAt }) => ({
      name,
      sha256: createHash('sha256').update(token).digest('hex'),
      namespaces,
      scopes,
      ...(expiresAt && { expiresAt }),
    })),
  })
