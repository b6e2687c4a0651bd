import Type from 'typebox'
import { defineProblems, type Problem } from '../http/problem.js'
import type { Missing } from './script-replies.js'

/** Errors of this domain; the others that its routes can answer with are shared. */
export const { specs, problem, problemResponses, responses } = defineProblems({
  'board-not-found': {
    status: 404,
    title: 'Board not found',
    cause: 'No board has this name in the namespace.',
    remedy: 'Check the name and the namespace; a PUT or a first submission creates the board.',
    retry: 'no',
  },
  'season-not-found': {
    status: 404,
    title: 'Season not found',
    cause: 'The season never had entries or is no longer kept, or its board was deleted.',
    remedy: 'Choose one of the seasons that the board lists.',
    retry: 'no',
  },
  'member-not-found': {
    status: 404,
    title: 'Member not found',
    cause:
      'The member has no entry in this season of the board, or a hidden one has no neighbours.',
    remedy: 'Check the name; a submission creates the entry.',
    retry: 'no',
  },
  'config-immutable': {
    status: 409,
    title: 'Setting is fixed',
    cause: 'The board has entries, and their order depends on the setting.',
    remedy: 'Keep what `changes` names as it is, use a new name, or delete the board first.',
    retry: 'no',
    members: Type.Object(
      {
        changes: Type.Array(
          Type.Object(
            {
              setting: Type.String({ description: 'Path of the setting.' }),
              present: Type.Optional(Type.Unknown({ description: 'Its value.' })),
              wanted: Type.Optional(Type.Unknown({ description: 'The value of the request.' })),
            },
            { title: 'RefusedChange' },
          ),
          { description: 'The settings that cannot change any more.' },
        ),
      },
      {
        title: 'ConfigImmutableProblem',
        examples: [{ changes: [{ setting: 'season.every', present: 'none', wanted: 'weekly' }] }],
      },
    ),
  },
  'season-closed': {
    status: 409,
    title: 'Season is closed',
    cause: 'The board was closed and the next season has not begun.',
    remedy: 'Submit again when the next season has begun, or open the season again.',
    retry: 'later',
  },
  'no-next-season': {
    status: 409,
    title: 'No next season',
    cause: 'The board has no seasons, so it would be closed for ever.',
    remedy: 'Give the board seasons before it has entries, or submit nothing more.',
    retry: 'no',
  },
})

export const notFound = (board: string, { what }: Pick<Missing, 'what'>): Problem =>
  what === 'board' ? noBoard(board) : noSeason(board)

export const noBoard = (board: string): Problem =>
  problem('board-not-found', `There is no board "${board}".`)

const noSeason = (board: string): Problem =>
  problem('season-not-found', `The board "${board}" has no such season.`)

export const noMember = (board: string, member: string): Problem =>
  problem('member-not-found', `"${member}" has no entry on "${board}".`)
