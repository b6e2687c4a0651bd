import { type GrantedNames, toNameRule } from './granted-names.js'

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

/** The scopes of a token, each with the names for which it has it. */
export type GrantedScopes = ReadonlyMap<Scope, GrantedNames>

/** Whether a scope can be narrowed to names: `admin` is of every domain. */
export const isOfDomain = (scope: string): boolean =>
  !(OWN_SCOPES as readonly string[]).includes(scope)

/** @param text a scope, or one narrowed to names: `locks:write`, `locks:write:jobs/*` */
export function splitScope(text: string): { readonly scope: string; readonly names?: string } {
  // A name may contain colons.
  const [, scope = text, names] = /^([^:]*:[^:]*):(.*)$/s.exec(text) ?? []
  return names === undefined ? { scope } : { scope, names }
}

/**
 * The scopes of a token, with those that they include.
 * @param all every scope that there is
 */
export function grantsOf(texts: readonly string[], all: readonly Scope[]): GrantedScopes {
  const granted = new Map<Scope, GrantedNames>()
  for (const text of texts) {
    const { scope, names } = splitScope(text)
    const rule = names === undefined ? undefined : toNameRule(names)
    for (const included of all.filter((one) => one === scope || includes(scope, one))) {
      const before = granted.get(included)
      const isEvery = rule === undefined || (granted.has(included) && before === undefined)
      granted.set(included, isEvery ? undefined : [...(before ?? []), rule])
    }
  }
  return granted
}

const includes = (scope: string, other: string): boolean =>
  scope.endsWith(':write') && domainOf(scope) === domainOf(other)

const domainOf = (scope: string): string => scope.split(':', 1)[0] as string
