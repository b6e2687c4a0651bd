import { chownSync } from 'node:fs'

const NOBODY = 65_534

/** For spawn: run as nobody when this run is root's, else as the ordinary user we are. */
export const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

/** What a user without home and settings has. */
export const bareEnvironment = {
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  HOME: '/nonexistent',
}

export function giveToNobody(file: string): void {
  if (process.getuid?.() === 0) chownSync(file, NOBODY, NOBODY)
}
