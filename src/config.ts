import { spaceSection } from './cache/spaces/section.js'
import { type Loaded, load } from './config/load.js'
import type { Sections } from './config/sections.js'
import type { Environment } from './config/variables.js'
import { tokenSection } from './http/tokens.js'
import { leaderboardSection } from './leaderboards/templates.js'
import { policySection } from './ratelimits/policies/section.js'

/** What the configuration file may define besides settings: one line per domain. */
const sections = {
  tokens: tokenSection,
  spaces: spaceSection,
  policies: policySection,
  leaderboards: leaderboardSection,
} satisfies Sections

export type Config = Loaded<typeof sections>

/** @throws ConfigError naming every fault and where it stands. */
export const loadConfig = (environment: Environment): Config => load(environment, sections)
