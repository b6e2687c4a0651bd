import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Test files that start processes, and mostly wait for them. */
const OF_PROCESSES = /\/test\/(boot|faults|safety|coherence|envelope|bench|docs-run)[./]/

/** Starts the long, mostly idle files first, so that they run in parallel with the others. */
export class ProcessesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isFirst = ({ moduleId }: TestSpecification) => OF_PROCESSES.test(moduleId)
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))]
  }
}
