import type { Clock } from '../../shared/clock.ts'
import type { DepthReporter } from './depth-reporter.ts'

/** Reports at once and then at each multiple of `everyMs`, as a cron trigger would, until `signal` aborts. Never rejects. */
export async function reportRegularly(
  reporter: Pick<DepthReporter, 'report'>,
  everyMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await reporter.report(clock.now())
    await clock.sleep(everyMs - (clock.now() % everyMs), signal)
  }
}
