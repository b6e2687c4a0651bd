import Type, { type Static } from 'typebox'
import { type BoardConfig, DEFAULT_BOARD } from '../config.js'
import { BoardRequest } from '../schemas.js'
import { boardFault } from './rules.js'

const Template = Type.Object(
  {
    pattern: Type.String({
      pattern: '^[A-Za-z0-9._@*-]{1,128}$',
      description: 'Names of boards; * stands for any characters, or none.',
    }),
    board: BoardRequest,
  },
  { additionalProperties: false },
)

/** The configurations that boards get which nobody has configured; the first that fits. */
export interface Template {
  readonly pattern: string
  readonly board: BoardConfig
}

export const leaderboardSection = {
  schema: Type.Array(Template, { default: [], maxItems: 256 }),
  check: (templates: readonly Static<typeof Template>[]) =>
    templates.flatMap(({ board }, at) => {
      const fault = boardFault(board)
      return fault ? [{ pointer: `/${at}/board/${fault.field}`, message: fault.message }] : []
    }),
}

/** @returns a function from the name of a board to its first configuration */
export function compileTemplates(templates: readonly Template[]): (board: string) => BoardConfig {
  const compiled = templates.map(({ pattern, board }) => ({ matches: toRegExp(pattern), board }))
  return (name) => compiled.find(({ matches }) => matches.test(name))?.board ?? DEFAULT_BOARD
}

const toRegExp = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/\*+/g, '.*')}$`)
