/** `*`: must exist; `none`: must not exist; else the version that must be stored. */
export type Precondition = '*' | 'none' | number

/** As scripts/lib/precondition.lua reads it. */
export const preconditionArg = (when: Precondition | undefined): string =>
  when === undefined ? '' : String(when)

/** Whether it holds for what is stored under this version. */
export const isMet = (when: Precondition | undefined, version: number): boolean =>
  when === undefined || when === '*' || when === version
