import type { Problem } from '../session/problem.ts'

/** Whether it takes another key: asking again with this one is of no use. */
export function isRefusal(problem: Problem | undefined): boolean {
  return problem?.status === 401 || problem?.status === 403
}
