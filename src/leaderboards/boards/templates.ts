import Type, { type Static } from 'typebox'
import { type BoardConfig, DEFAULT_BOARD } from '../config.js'
import { boardFault } from './rules.js'
import { LeaderboardSettings } from './settings-schemas.js'

/** The configuration of boards that are created by a submission; the first that fits. */
const Template = Type.Object(
  {
    pattern: Type.String({
      pattern: '^[A-Za-z0-9._@*-]{1,128}$',
      description: 'Names of boards; * matches any characters, or none.',
    }),
    board: LeaderboardSettings,
  },
  { additionalProperties: false },
)

export const leaderboardSection = {
  schema: Type.Array(Template, { default: [], maxItems: 256 }),
  check: (templates: readonly Template[]) =>
    templates.flatMap(({ board }, at) => {
      const fault = boardFault(board)
      return fault ? [{ pointer: `/${at}/board/${fault.field}`, message: fault.message }] : []
    }),
}

type Template = Static<typeof Template>

/** @returns a function from the name of a board to its first configuration */
export function compileTemplates(templates: readonly Template[]): (board: string) => BoardConfig {
  const compiled = templates.map(({ pattern, board }) => ({ matches: toRegExp(pattern), board }))
  return (name) => compiled.find(({ matches }) => matches.test(name))?.board ?? DEFAULT_BOARD
}

const toRegExp = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/\*+/g, '.*')}$`)
