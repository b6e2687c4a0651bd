import Type from 'typebox'
import { ResourceName } from '../../http/names.js'
import { policyFault } from '../algorithms/algorithms.js'
import type { Policy } from './policy.js'
import { PolicyRequest } from './schemas.js'

/** `policies:` of the configuration file, by name. They apply in every namespace. */
export const policySection = {
  schema: Type.Record(
    ResourceName,
    Type.Object(PolicyRequest.properties, { default: {}, additionalProperties: false }),
    { default: {}, additionalProperties: Type.Never() },
  ),
  check: (policies: Readonly<Record<string, Policy>>) =>
    Object.entries(policies).flatMap(([name, policy]) => {
      const fault = policyFault(policy)
      return fault ? [{ pointer: `/${name}/${fault.field}`, message: fault.message }] : []
    }),
}
