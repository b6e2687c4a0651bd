import { readFileSync } from 'node:fs'

export type OriginHeaders = Readonly<Record<string, string>>

/** Headers that the client sets, or that describe a connection. */
const RESERVED =
  /^(accept-encoding|connection|content-(encoding|length|type)|expect|idempotency-key|if-.*|keep-alive|lockstep-.*|range|te|traceparent|trailer|transfer-encoding|upgrade|x-request-id)$/i
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** What is wrong with headers, without their values; completes "<place> ...". */
export function headersFault(headers: OriginHeaders): string | undefined {
  for (const [name, value] of Object.entries(headers)) {
    if (!NAME.test(name)) return 'has a name that is no name of a header'
    if (RESERVED.test(name)) return `may not set ${name}`
    if (!VALUE.test(value)) return `has a value that no header can hold: ${name}`
  }
  return undefined
}

/** Lines `Name: value`; empty ones and those that begin with # are skipped. */
export function readHeadersFile(path: string): OriginHeaders {
  const headers: Record<string, string> = {}
  for (const line of readFileSync(path, 'utf8').split(/\r?\n/)) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const colon = line.indexOf(':')
    headers[line.slice(0, Math.max(0, colon)).trim()] = line.slice(colon + 1).trim()
  }
  return headers
}

/** What is wrong with a file of headers, without its content; completes "<place> ...". */
export function headersFileFault(path: string): string | undefined {
  try {
    const fault = headersFault(readHeadersFile(path))
    return fault && `names a file that ${fault}`
  } catch (error) {
    return `names a file that cannot be read (${(error as NodeJS.ErrnoException).code})`
  }
}
