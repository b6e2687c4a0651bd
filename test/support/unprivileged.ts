import { chownSync } from 'node:fs'

const NOBODY = 65_534

/** For spawn: the user `nobody` if root runs the tests, else the current user. */
export const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

/** The environment of a user without home and settings. */
export const bareEnvironment = {
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  HOME: '/nonexistent',
}

export function giveToNobody(file: string): void {
  if (process.getuid?.() === 0) chownSync(file, NOBODY, NOBODY)
}
