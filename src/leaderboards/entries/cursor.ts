import type { Cursor } from './ranges.js'

export const toCursor = ({ scores, sequence, member, season, created }: Cursor): string =>
  Buffer.from(JSON.stringify([scores, sequence, member, season, created])).toString('base64url')

const SEASON = /^(all|\d{8}T\d{6}Z)$/
const SCORES = /^-?[\d.]+(e[+-]?\d+)?( -?[\d.]+(e[+-]?\d+)?)*$/

type Parts = [string, string, string, string, string]

/** Undefined for text that is not the cursor of a page. */
export function fromCursor(text: string): Cursor | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (!Array.isArray(parts) || parts.length !== 5) return undefined
    if (!parts.every((part): part is string => typeof part === 'string')) return undefined
    const [scores, sequence, member, season, created] = parts as Parts
    if (!SCORES.test(scores) || !/^\d{1,15}$/.test(sequence) || !SEASON.test(season)) {
      return undefined
    }
    return { scores, sequence, member, season, created }
  } catch {
    return undefined
  }
}
