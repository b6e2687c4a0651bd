import { crc32 } from 'node:zlib'
import type { Document } from './documents.js'

/** A section of the configuration file as documents, whose version is a digest of the value. */
export function filedDocuments<T>(
  section: Readonly<Record<string, T>>,
): ReadonlyMap<string, Document<T>> {
  return new Map(
    Object.entries(section).map(([name, value]) => [
      name,
      { name, version: crc32(JSON.stringify(value)) + 1, value, inFile: true },
    ]),
  )
}
