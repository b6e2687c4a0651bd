/** Settings, the configuration file with its sections, faults with their lines, reload. */

import { Compile } from 'typebox/compile'
import { faultsOf } from '../schema/faults.js'
import { ConfigError } from './faults.js'
import { type ConfigFile, readConfigFile, readText } from './file.js'
import { type Definitions, readSection, type Sections } from './sections.js'
import { SETTINGS, type Settings, SettingsSchema, variableOf } from './settings.js'
import { type Environment, fromText, isInjected } from './variables.js'

export type Loaded<S extends Sections> = Settings & {
  /** The sections of the file. */
  readonly definitions: Definitions<S>
}

const validator = Compile(SettingsSchema)

/**
 * Reads environment and file into a frozen configuration; a variable wins over the file.
 * @throws ConfigError naming every fault and its place
 */
export function load<S extends Sections>(environment: Environment, sections: S): Loaded<S> {
  const file = fileOf(environment)
  const { settings, faults } = readSettings(environment, file)
  for (const key of Object.keys(file?.values ?? {})) {
    if (key in settings || key in sections) continue
    faults.push(`${file?.placeOf(`/${key}`)}: ${key} is not a known field`)
  }
  if (faults.length > 0 && !validator.Check(settings)) {
    // The sections are checked all the same, without the tokens file: its setting may be wrong.
    settings.tokensFile = ''
  }
  const definitions: Record<string, unknown> = {}
  for (const [name, section] of Object.entries(sections)) {
    definitions[name] = readSection(name, section, {
      ...(file && { file }),
      settings: settings as Settings,
      faults,
    })
  }
  if (faults.length > 0) throw new ConfigError(faults.join('\n'))
  return deepFreeze({ ...settings, definitions }) as Loaded<S>
}

/**
 * The settings alone, for a program that knows no domain.
 * @throws ConfigError
 */
export function loadSettings(environment: Environment): Settings {
  const { settings, faults } = readSettings(environment, fileOf(environment))
  if (faults.length > 0) throw new ConfigError(faults.join('\n'))
  return settings as Settings
}

function fileOf({ LOCKSTEP_CONFIG_FILE: path }: Environment): ConfigFile | undefined {
  return path ? readConfigFile(path) : undefined
}

function readSettings(
  environment: Environment,
  file: ConfigFile | undefined,
): { settings: Record<string, unknown>; faults: string[] } {
  const settings: Record<string, unknown> = {}
  const places = new Map<string, string>()
  const faults: string[] = []
  for (const [name, { type, secret, default: fallback }] of SETTINGS) {
    const variable = variableOf(name)
    const text = environment[variable]
    const secretFile = secret ? environment[`${variable}_FILE`] : undefined
    if (text !== undefined && secretFile !== undefined) {
      faults.push(`${variable} and ${variable}_FILE are both set: set one of them`)
    }
    if (text !== undefined && !isInjected(name, text)) settings[name] = fromText(type, text)
    else if (secretFile !== undefined) settings[name] = readText(secretFile).trim()
    else if (file && name in file.values) {
      settings[name] = file.values[name]
      places.set(name, `${file.placeOf(`/${name}`)}: ${name}`)
    } else settings[name] = fallback
  }
  for (const { pointer, message } of validator.Check(settings)
    ? []
    : faultsOf(SettingsSchema, settings)) {
    const name = pointer.split('/')[1] as string
    faults.push(`${places.get(name) ?? variableOf(name)} ${message}`)
  }
  return { settings, faults }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const inner of Object.values(value)) deepFreeze(inner)
    Object.freeze(value)
  }
  return value
}
