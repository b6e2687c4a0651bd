import { Compile } from 'typebox/compile'
import type { SentSettings } from '../settings.js'
import { StreamRequest } from './schemas.js'

const validator = Compile(StreamRequest)

/** Stored settings. @throws TypeError for what this version of the program cannot use. */
export function parseSettings(name: string, body: unknown): SentSettings {
  if (!validator.Check(body)) throw new TypeError(`settings of the stream ${name} are unusable`)
  return body
}
