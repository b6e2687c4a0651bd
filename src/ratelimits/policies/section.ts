import { crc32 } from 'node:zlib'
import Type, { type Static } from 'typebox'
import { policyFault } from '../algorithms/algorithms.js'
import { PolicyName, PolicyRequest } from './schemas.js'
import type { PolicyDocument } from './store.js'

/** `policies:` of the configuration file, by name; they hold in every namespace. */
export const policySection = {
  schema: Type.Record(
    PolicyName,
    Type.Object(PolicyRequest.properties, { default: {}, additionalProperties: false }),
    { default: {}, additionalProperties: Type.Never() },
  ),
  check: (policies: Readonly<Record<string, Static<typeof PolicyRequest>>>) =>
    Object.entries(policies).flatMap(([name, policy]) => {
      const fault = policyFault(policy)
      return fault ? [{ pointer: `/${name}/${fault.field}`, message: fault.message }] : []
    }),
}

/** The same as documents; the version is a digest, for a file has no revisions. */
export function policiesOfFile(
  policies: Static<typeof policySection.schema>,
): ReadonlyMap<string, PolicyDocument> {
  return new Map(
    Object.entries(policies).map(([name, policy]) => [
      name,
      { name, version: crc32(JSON.stringify(policy)) + 1, value: policy, inFile: true },
    ]),
  )
}
