import { toSettings } from '../settings.js'
import type { StreamDocument } from './store.js'

export const toConfigured = ({ name, version, value, inFile }: StreamDocument) => ({
  name,
  ...toSettings(value),
  version,
  source: inFile ? ('file' as const) : ('api' as const),
})
