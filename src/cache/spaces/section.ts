import { crc32 } from 'node:zlib'
import Type, { type Static } from 'typebox'
import { ResourceName } from '../../http/names.js'
import type { Document } from '../../redis/documents.js'
import type { SentPolicy } from './policy.js'
import { SpaceRequest } from './schemas.js'

/** `spaces:` of the configuration file, by name; they hold in every namespace. */
export const spaceSection = {
  schema: Type.Record(ResourceName, SpaceRequest, {
    default: {},
    additionalProperties: Type.Never(),
  }),
}

/** The same as documents; the version is a digest, for a file has no revisions. */
export function fromFile(
  spaces: Static<typeof spaceSection.schema>,
): ReadonlyMap<string, Document<SentPolicy>> {
  return new Map(
    Object.entries(spaces).map(([name, sent]) => [
      name,
      { name, version: crc32(JSON.stringify(sent)) + 1, value: sent, inFile: true },
    ]),
  )
}
