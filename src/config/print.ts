import { stringify } from 'yaml'
import { SETTINGS, type Settings } from './settings.js'

const SECRETS = new Set<string>(SETTINGS.filter(([, { secret }]) => secret).map(([name]) => name))

/**
 * The configuration as a YAML file, without secrets.
 * @param show the public part of a URL
 */
export function printConfig(
  { definitions, ...settings }: Settings & { readonly definitions: object },
  show: (url: string) => string,
): string {
  const shown = Object.entries(settings).map(([name, value]) => [
    name,
    SECRETS.has(name) && value !== '' ? withoutSecret(name, String(value), show) : value,
  ])
  return stringify({
    ...Object.fromEntries(shown),
    ...(JSON.parse(JSON.stringify(definitions, shortDigest)) as object),
  })
}

const withoutSecret = (name: string, value: string, show: (url: string) => string): string =>
  name.endsWith('Url') ? show(value) : '...'

/** Enough to distinguish two tokens of one name. */
const shortDigest = (key: string, value: unknown): unknown =>
  key === 'sha256' ? `${String(value).slice(0, 8)}...` : value
