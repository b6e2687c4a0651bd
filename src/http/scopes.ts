/**
 * What a token may do. `<domain>:write` includes every scope of the domain. A domain adds its scopes
 * in its `domain.ts`, so a misspelt scope does not compile.
 */
export interface Scopes {
  'operations:read': true
  admin: true
}

export type Scope = keyof Scopes

/** Scopes outside of the domains. */
export const OWN_SCOPES: readonly Scope[] = ['operations:read', 'admin']

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The scope that a token needs for this route; `none`: open to everyone. Required. */
    scope?: Scope | 'none'
  }
}

/**
 * The scopes of a token, with those that they include.
 * @param all every scope that there is
 */
export function withImplied(scopes: readonly Scope[], all: readonly Scope[]): ReadonlySet<Scope> {
  const written = scopes.filter((scope) => scope.endsWith(':write')).map(domainOf)
  return new Set([...scopes, ...all.filter((scope) => written.includes(domainOf(scope)))])
}

const domainOf = (scope: Scope): string => scope.split(':', 1)[0] as string
