import path from 'node:path'
import { describe, expect } from 'vitest'
import { useExamples } from './programs.js'

const { inEachLanguage } = useExamples()

describe("a game's board", () => {
  inEachLanguage('board/board', async ({ run, out }) => {
    const board = path.basename(out)
    expect(await run(board, 'ada', '120', '300', '200')).toBe('1 ada 300\nyou: 1 ada 300\n')
    await run(board, 'bob', '500')
    await run(board, 'eve', '300')
    expect(await run(board, 'dan', '7')).toBe('1 bob 500\n2 ada 300\n2 eve 300\nyou: 4 dan 7\n')
  })
})
