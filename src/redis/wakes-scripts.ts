import { integers } from './reply.js'
import { defineScript } from './script.js'

export const passScript = defineScript({
  name: 'wakes.pass',
  file: new URL('./scripts/wakes-pass.lua', import.meta.url),
  keys: ['waiting'],
  args: ['ready'],
  decode: (reply) => void integers(reply, 0),
})
