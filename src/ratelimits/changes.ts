import type { Subject } from './keys.js'

/** Whoever remembers a denial listens here: what it rested on has changed for one subject. */
export const CHANGES = 'ls:ratelimits:changed'

/** Neither namespaces nor names of policies hold a colon. */
export const changeOf = (namespace: string, { name, key }: Subject): string =>
  `${namespace}:${name}:${key}`
