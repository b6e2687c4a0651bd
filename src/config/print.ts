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
    ...(JSON.parse(JSON.stringify(definitions, withoutSecrets)) as object),
  })
}

const withoutSecret = (name: string, value: string, show: (url: string) => string): string =>
  name.endsWith('Url') ? show(value) : '...'

/** Of a digest enough to distinguish two tokens of one name; of headers their names. */
function withoutSecrets(key: string, value: unknown): unknown {
  if (key === 'sha256') return `${String(value).slice(0, 8)}...`
  return key === 'headers' ? Object.keys(value as object) : value
}
