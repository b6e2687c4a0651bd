import type { StreamSettings } from './settings.js'

/** The settings as scripts read them: SETTINGS in scripts/lib/stream.lua. */
export const toScriptSettings = ({
  capacity,
  maxAgeMs,
  maxBytes,
  whenFull,
}: StreamSettings): string => `${capacity} ${maxAgeMs} ${maxBytes} ${whenFull === 'refuse' ? 1 : 0}`
