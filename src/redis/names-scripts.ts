import { integers, list } from './reply.js'
import { defineScript } from './script.js'

const isDone = (reply: unknown): boolean => integers(reply, 1)[0] === 1

export const addNameScript = defineScript({
  name: 'names.add',
  file: new URL('./scripts/names-add.lua', import.meta.url),
  keys: ['names', 'seen'],
  args: ['name'],
  decode: isDone,
})

export const listNamesScript = defineScript({
  name: 'names.list',
  file: new URL('./scripts/names-list.lua', import.meta.url),
  keys: ['names'],
  args: ['first', 'last', 'limit'],
  decode: (reply) => list(reply).map(String),
})

export const removeNameScript = defineScript({
  name: 'names.remove',
  file: new URL('./scripts/names-remove.lua', import.meta.url),
  keys: ['names', 'seen'],
  args: ['name', 'unseen_ms'],
  decode: isDone,
})
