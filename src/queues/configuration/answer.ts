import { toSettings } from '../settings.js'
import type { QueueDocument } from './store.js'

export const toConfigured = ({ name, version, value, inFile }: QueueDocument) => ({
  name,
  ...toSettings(value),
  version,
  source: inFile ? ('file' as const) : ('api' as const),
})
