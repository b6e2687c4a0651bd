import { Compile } from 'typebox/compile'
import type { SentPolicy } from './policy.js'
import { SpaceRequest } from './schemas.js'

const validator = Compile(SpaceRequest)

/** A stored policy. @throws TypeError for what this version of the program cannot use. */
export function parseSpace(name: string, body: unknown): SentPolicy {
  if (!validator.Check(body)) throw new TypeError(`space ${name} is unusable`)
  return body
}
