import { stringify } from 'yaml'
import { SETTINGS, type Settings } from './settings.js'

const SECRETS = new Set<string>(SETTINGS.filter(([, { secret }]) => secret).map(([name]) => name))

/**
 * The configuration as a YAML file, without what must not be read over a shoulder.
 * @param show what may be read of a secret that is set
 */
export function printConfig(
  { definitions, ...settings }: Settings & { readonly definitions: object },
  show: (secret: string) => string,
): string {
  const shown = Object.entries(settings).map(([name, value]) => [
    name,
    SECRETS.has(name) && value !== '' ? show(String(value)) : value,
  ])
  return stringify({
    ...Object.fromEntries(shown),
    ...(JSON.parse(JSON.stringify(definitions, shortDigest)) as object),
  })
}

/** Enough to tell two tokens of one name apart. */
const shortDigest = (key: string, value: unknown): unknown =>
  key === 'sha256' ? `${String(value).slice(0, 8)}...` : value
