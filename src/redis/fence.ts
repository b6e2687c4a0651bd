/** The fence of a lease under which a change is made. */
export interface Fence {
  /** Of the lock or semaphore. */
  readonly name: string
  readonly fence: number
}

/** As scripts/lib/fences.lua reads it. */
export const fenceArg = (fence: Fence | undefined): string | undefined =>
  fence && `${fence.fence} ${fence.name}`
