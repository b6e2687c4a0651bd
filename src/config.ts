/** The configuration with the sections and scopes of all domains. */

import type { Static, TSchema } from 'typebox'
import { type Loaded, load } from './config/load.js'
import type { Environment } from './config/variables.js'
import type { Domain } from './domain.js'
import { DOMAINS } from './domains.js'
import { OWN_SCOPES, type Scope } from './http/scopes.js'
import { tokenSection } from './http/tokens.js'

export type Config = Loaded<{ readonly tokens: ReturnType<typeof tokenSection> }>

/** @throws ConfigError naming every fault and its place */
export function loadConfig(environment: Environment, domains: readonly Domain[] = DOMAINS): Config {
  const sections = domains.flatMap(({ section }) => (section ? [[section.name, section]] : []))
  return load(environment, {
    tokens: tokenSection(scopesOf(domains)),
    ...Object.fromEntries(sections),
  })
}

/** Every scope that a token can have. */
export const scopesOf = (domains: readonly Domain[]): readonly Scope[] => [
  ...domains.flatMap(({ scopes }) => scopes),
  ...OWN_SCOPES,
]

/** The section of a domain; undefined where it has none. */
export function definitionsOf<S extends TSchema>(
  { definitions }: Config,
  { section }: Pick<Domain<S>, 'section'>,
): Static<S> {
  const values: Readonly<Record<string, unknown>> = definitions
  return (section && values[section.name]) as Static<S>
}
