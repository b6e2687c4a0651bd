/** Runs each group of items in one call, and returns the outcomes in the order of `items`. */
export async function inGroups<I, G, O>(
  items: readonly I[],
  groupOf: (item: I) => G,
  run: (group: G, items: readonly I[]) => Promise<readonly O[]>,
): Promise<O[]> {
  const groups = new Map<G, number[]>()
  for (const [i, item] of items.entries()) {
    const group = groupOf(item)
    const known = groups.get(group)
    if (known) known.push(i)
    else groups.set(group, [i])
  }
  const outcomes: O[] = []
  await Promise.all(
    [...groups].map(async ([group, indices]) => {
      const ended = await run(
        group,
        indices.map((i) => items[i] as I),
      )
      for (const [j, outcome] of ended.entries()) outcomes[indices[j] as number] = outcome
    }),
  )
  return outcomes
}
