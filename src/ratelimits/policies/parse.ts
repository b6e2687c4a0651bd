import { Compile } from 'typebox/compile'
import { policyFault } from '../algorithms/algorithms.js'
import type { Policy } from './policy.js'
import { PolicyRequest } from './schemas.js'

const validator = Compile(PolicyRequest)

/** A stored policy. @throws TypeError for a body that this version of the program cannot use. */
export function parsePolicy(name: string, body: unknown): Policy {
  if (!validator.Check(body) || policyFault(body)) throw new TypeError(`policy ${name} is unusable`)
  return body
}
