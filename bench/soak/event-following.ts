import { isTerminal, type JobStatus } from '../../shared/job-state.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { expectKnown, expectThat } from './answers.ts'
import type { EdgeAnswer } from './edge-client.ts'
import type { Followed } from './job-following.ts'

/** Streams of one job before it is given up: each tells forty times at least. */
const MAX_STREAMS = 20

/** The status that a job ended with, by the events of an answer and of streams that go on from there. Throws CallFailure. */
export async function followEvents({ edge, ledger }: Followed, first: EdgeAnswer): Promise<JobStatus> {
  let answer = first
  for (let streams = 1; ; streams++) {
    if (answer.status !== 200) expectKnown(answer)
    const last = lastEvent(answer.text)
    expectThat(last !== undefined, 'a stream without an event')
    ledger.seen(last.job)
    if (isTerminal(last.job.status)) return last.job.status
    expectThat(streams < MAX_STREAMS, 'streams of events that come to no end')
    answer = await edge.send({
      method: 'GET',
      path: `/result/${last.job.id}`,
      headers: { accept: 'text/event-stream', 'last-event-id': last.id },
    })
  }
}

/** The last event of a stream that has ended. */
export function lastEvent(stream: string): { id: string; job: PublicJob } | undefined {
  const blocks = stream.split('\n\n').filter((block) => /^event: /m.test(block))
  const block = blocks.at(-1)
  const id = /^id: (.*)$/m.exec(block ?? '')?.[1]
  const data = /^data: (.*)$/m.exec(block ?? '')?.[1]
  return id === undefined || data === undefined ? undefined : { id, job: JSON.parse(data) as PublicJob }
}
