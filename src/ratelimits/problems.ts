import { Problem } from '../http/problem.js'

export const unknownPolicy = (name: string): Problem =>
  new Problem('not-found', `There is no policy named ${name}.`)

export const idempotencyConflict = (): Problem =>
  new Problem('idempotency-conflict', 'This Idempotency-Key was used for another request.')
