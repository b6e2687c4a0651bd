import { Compile } from 'typebox/compile'
import type { SentSettings } from '../settings.js'
import { QueueRequest } from './schemas.js'

const validator = Compile(QueueRequest)

/** Stored settings. @throws TypeError for what this version of the program cannot use. */
export function parseSettings(name: string, body: unknown): SentSettings {
  if (!validator.Check(body)) throw new TypeError(`settings of the queue ${name} are unusable`)
  return body
}
