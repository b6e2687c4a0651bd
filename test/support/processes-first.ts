import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** They start processes and wait for them more than they run. */
const OF_PROCESSES = /\/test\/(boot|faults|safety|coherence|envelope|bench|examples)[./]/

/** Long and idle files begin first and the others run in parallel, so that none is left for the end. */
export class ProcessesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isFirst = ({ moduleId }: TestSpecification) => OF_PROCESSES.test(moduleId)
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))]
  }
}
