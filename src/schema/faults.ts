import type { TSchema } from 'typebox'
import type { Validator } from 'typebox/compile'
import { Settings } from 'typebox/system'
import { formatMessage } from './formats.js'

/** A place in a value, as a JSON pointer (RFC 6901), and what is wrong there. */
export interface Fault {
  readonly pointer: string
  /** Completes "<place> ...". */
  readonly message: string
}

interface Issue {
  readonly keyword: string
  readonly instancePath: string
  readonly message: string
  readonly params: object
}

/** At most so many faults of one value are listed; TypeBox stops at 8. */
const MAX_FAULTS = 32
Settings.Set({ maxErrors: MAX_FAULTS })

/** What is wrong with a value that the validator refuses: never an empty list. */
export function faultsOf(
  validator: Validator<Record<never, never>, TSchema>,
  value: unknown,
): Fault[] {
  return withoutRepeats(validator.Errors(value) as Issue[]).flatMap(explain)
}

/**
 * An object repeats the names of the fields that it does not know, each of which has an issue of its
 * own. A union reports every branch; its own issue, which names the place, is enough.
 */
function withoutRepeats(issues: readonly Issue[]): Issue[] {
  const unions = new Set(
    issues.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => instancePath),
  )
  return issues.filter(({ keyword, instancePath }) => {
    if (keyword === 'additionalProperties') return false
    return keyword === 'anyOf' || !unions.has(instancePath)
  })
}

function explain({ keyword, instancePath: pointer, params, message }: Issue): Fault[] {
  const { requiredProperties, format, allowedValues, allowedValue } = params as Record<
    string,
    unknown
  >
  switch (keyword) {
    case 'required':
      return (requiredProperties as string[]).map((name) => ({
        pointer: `${pointer}/${name}`,
        message: 'is required',
      }))
    // A field whose schema accepts nothing: `additionalProperties: false`, or Type.Never().
    case 'boolean':
    case 'not':
      return [{ pointer, message: 'is not a known field' }]
    case 'format':
      return [{ pointer, message: formatMessage(String(format)) }]
    case 'enum':
      return [{ pointer, message: `must be one of ${list(allowedValues)}` }]
    case 'const':
      return [{ pointer, message: `must be ${JSON.stringify(allowedValue)}` }]
    case 'anyOf':
      return [{ pointer, message: 'is none of the accepted forms' }]
    default:
      return [{ pointer, message }]
  }
}

const list = (values: unknown): string =>
  (values as unknown[]).map((value) => JSON.stringify(value)).join(', ')
