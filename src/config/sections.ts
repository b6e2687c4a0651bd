import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { type Fault, faultsOf } from '../schema/faults.js'
import { type ConfigFile, keysOf, readConfigFile } from './file.js'
import type { SettingName, Settings } from './settings.js'

/** A part of the configuration file that belongs to a domain: `tokens`, `policies`, ... */
export interface Section<T extends TSchema = TSchema> {
  /**
   * Its default is used if the file has no such section. TypeBox fills defaults into the values of a
   * Record only if their schema has a default: `{ default: {} }`. A Record is closed by
   * `additionalProperties: Type.Never()`: with `false`, filling fails at an unknown key.
   */
  readonly schema: T
  /** Rules that a schema cannot express; called with a value that matches the schema. */
  check?(value: Static<T>): readonly Fault[]
  /** A setting that names a further file, whose list is added. */
  readonly fileSetting?: SettingName
}

export type Sections = Readonly<Record<string, Section>>

export type Definitions<S extends Sections> = {
  readonly [K in keyof S]: Static<S[K]['schema']>
}

/** Reads one section and fills its defaults in; adds what is wrong to `faults`. */
export function readSection(
  name: string,
  section: Section,
  { file, settings, faults }: { file?: ConfigFile; settings: Settings; faults: string[] },
): unknown {
  const own = section.fileSetting && settings[section.fileSetting]
  const files = [file, own ? readConfigFile(String(own)) : undefined].filter(
    (source) => source !== undefined,
  )
  const values = files.flatMap((source) => {
    const given = source.values[name]
    return given === undefined ? [] : [check(name, section, source, given, faults)]
  })
  if (own) faults.push(...unknownKeys(name, files.at(-1)!))
  // A further file without the section means an empty list, not the default.
  if (values.length === 0) return own ? [] : Value.Default(section.schema, undefined)
  const value = values.length === 1 ? values[0] : values.flat()
  if (values.length > 1 && section.check) {
    // Across the two files: both may list the same token.
    faults.push(...section.check(value).map(({ message }) => `${name} ${message}`))
  }
  return value
}

function check(
  name: string,
  section: Section,
  file: ConfigFile,
  given: unknown,
  faults: string[],
): unknown {
  const value = Value.Default(section.schema, structuredClone(given))
  const validator = Compile(section.schema)
  const found = validator.Check(value)
    ? (section.check?.(value) ?? [])
    : faultsOf(section.schema, value)
  for (const { pointer, message } of found) {
    const place = `/${name}${pointer}`
    faults.push(`${file.placeOf(place)}: ${keysOf(place).join('/')} ${message}`)
  }
  return value
}

const unknownKeys = (name: string, file: ConfigFile): string[] =>
  Object.keys(file.values)
    .filter((key) => key !== name)
    .map((key) => `${file.placeOf(`/${key}`)}: ${key} is not a known field`)
