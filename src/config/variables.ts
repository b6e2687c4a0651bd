import { SETTINGS, variableOf } from './settings.js'

export type Environment = Readonly<Record<string, string | undefined>>

/** Kubernetes sets these in every pod if a Service has the name lockstep. */
const INJECTED = /^LOCKSTEP_(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$/

/** Kubernetes also sets LOCKSTEP_PORT=tcp://10.0.0.1:7700. */
export const isInjected = (setting: string, text: string): boolean =>
  setting === 'port' && text.startsWith('tcp://')

const KNOWN = new Set([
  'LOCKSTEP_CONFIG_FILE',
  ...SETTINGS.flatMap(([name, { secret }]) =>
    secret ? [variableOf(name), `${variableOf(name)}_FILE`] : [variableOf(name)],
  ),
])

/** Misspelt variables would silently have no effect. LOCKSTEP_TEST_ is for the tests. */
export function unknownVariables(environment: Environment): string[] {
  return Object.keys(environment).filter(
    (name) =>
      name.startsWith('LOCKSTEP_') &&
      !KNOWN.has(name) &&
      !INJECTED.test(name) &&
      !name.startsWith('LOCKSTEP_TEST_'),
  )
}

/** Text of another type stays text, and the schema refuses it. */
export function fromText(type: string | undefined, text: string): unknown {
  switch (type) {
    case 'integer':
    case 'number':
      return text.trim() === '' ? text : Number(text)
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'array':
      return text
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean)
    default:
      return text
  }
}
