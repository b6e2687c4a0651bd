import { hash } from 'node:crypto'

/** Identifies a configuration in a log without showing its content. */
export const digestOf = (config: unknown): string =>
  hash('sha256', JSON.stringify(config)).slice(0, 12)
