import { integers } from './reply.js'
import { defineScript } from './script.js'

export const probeScript = defineScript({
  name: 'redis.probe',
  file: new URL('./scripts/probe.lua', import.meta.url),
  keys: ['probe'],
  args: [],
  decode: (reply): void => void integers(reply, 1),
})
