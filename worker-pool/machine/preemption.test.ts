import { describe, expect, test } from 'vitest'
import { metadataServer } from '../../test/support/metadata-server.ts'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { type PreemptionNotice, type PreemptionOptions, watchPreemption } from './preemption.ts'

const TOKEN = 'PUT /latest/api/token'
const ACTION = 'GET /latest/meta-data/spot/instance-action'
const STATE = 'GET /latest/meta-data/autoscaling/target-lifecycle-state'
const PREEMPTED = 'GET /computeMetadata/v1/instance/preempted'
const MAINTENANCE = 'GET /computeMetadata/v1/instance/maintenance-event'
const NOTICE = JSON.stringify({ action: 'terminate', time: '2026-03-01T08:22:00Z' })

/** A watch with everything that came of it. */
function watch(kind: PreemptionOptions['kind'], baseUrl: string) {
  const clock = new SleepingClock()
  const notices: PreemptionNotice[] = []
  const warnings: object[] = []
  const ending = new AbortController()
  const done = watchPreemption({
    ...{ kind, clock, baseUrl, signal: ending.signal },
    onNotice: (notice) => notices.push(notice),
    log: { info: () => {}, warn: (details) => warnings.push(details) },
  })
  return { clock, notices, warnings, done, end: () => ending.abort() }
}

/**
 * EC2: `actions` are the answers to one look after another, the last one for ever; undefined: 404. `states`: the same for what its group is
 * about to do with it.
 */
function ec2(actions: (string | number | undefined)[], states: (string | undefined)[] = [undefined]) {
  let tokens = 0
  const next = <T>(answers: T[]) => (answers.length > 1 ? answers.shift() : answers[0])
  return metadataServer((line, request, response) => {
    if (line === TOKEN) {
      const valid = request.headers['x-aws-ec2-metadata-token-ttl-seconds'] === '21600'
      return response.writeHead(valid ? 200 : 400).end(`token-${++tokens}`)
    }
    if (line !== ACTION && line !== STATE) return response.writeHead(404).end()
    if (request.headers['x-aws-ec2-metadata-token'] !== `token-${tokens}`)
      return response.writeHead(401).end()
    const told = next<string | number | undefined>(line === ACTION ? actions : states)
    if (typeof told === 'number') return response.writeHead(told).end()
    return response.writeHead(told === undefined ? 404 : 200).end(told)
  })
}

describe('a spot instance of EC2', () => {
  test('is asked every 5 s, with one token, until it is to be terminated', async () => {
    const { baseUrl, requests } = await ec2([undefined, undefined, NOTICE])
    const { done, notices, clock } = watch('ec2', baseUrl)
    await done
    expect(notices).toEqual([{ source: 'ec2', at: Date.parse('2026-03-01T08:22:00Z') }])
    expect(clock.sleeps).toEqual([5_000, 5_000])
    expect(requests).toEqual([TOKEN, ACTION, STATE, ACTION, STATE, ACTION])
  })

  test('is asked with a new token when the old one is over', async () => {
    const { baseUrl, requests } = await ec2([401, NOTICE])
    const { done, notices } = watch('ec2', baseUrl)
    await done
    expect(notices).toHaveLength(1)
    expect(requests).toEqual([TOKEN, ACTION, TOKEN, ACTION])
  })

  test('is taken to end now when its notice cannot be read', async () => {
    const { baseUrl } = await ec2(['soon'])
    const { done, notices, clock } = watch('ec2', baseUrl)
    await done
    expect(notices).toEqual([{ source: 'ec2', at: clock.now() }])
  })

  test('is to go when its auto-scaling group says so, and not in any other state', async () => {
    const { baseUrl } = await ec2([undefined], [undefined, 'InService', 'Standby', 'Terminated'])
    const { done, notices, clock } = watch('ec2', baseUrl)
    await done
    expect(notices).toEqual([{ source: 'ec2', at: clock.now() }])
    expect(clock.sleeps).toEqual([5_000, 5_000, 5_000])
  })

  test('is asked again after errors, which are told once an outage', async () => {
    const { baseUrl } = await ec2([500, 500, undefined, 503, NOTICE])
    const { done, notices, warnings } = watch('ec2', baseUrl)
    await done
    expect(notices).toHaveLength(1)
    expect(warnings).toHaveLength(2)
  })
})

describe('a machine of Google', () => {
  /** The answers to one look after another for each key; after the last, whoever waits for a change goes on waiting. */
  const gcp = (preempted: string[], maintenance: string[] = ['NONE']) => {
    const changes = new Map([
      [PREEMPTED, [...preempted]],
      [MAINTENANCE, [...maintenance]],
    ])
    const seen = new Map<string, number>()
    return metadataServer((line, request, response) => {
      if (request.headers['metadata-flavor'] !== 'Google') return void response.writeHead(403).end()
      const [key = ''] = line.split('?')
      const value = changes.has(key) ? changes.get(key)?.shift() : '1234'
      if (value === undefined) return
      seen.set(key, (seen.get(key) ?? 0) + 1)
      response.writeHead(200, { 'Metadata-Flavor': 'Google', ETag: `e${seen.get(key)}` }).end(value)
    })
  }

  test('is looked at once, and then waited for from what was seen, until it is preempted', async () => {
    const { baseUrl, requests } = await gcp(['FALSE', 'FALSE', 'TRUE'])
    const { done, notices, clock } = watch('gcp', baseUrl)
    await done
    expect(notices).toEqual([{ source: 'gcp', at: clock.now() + 30_000 }])
    expect(requests.filter((line) => line.startsWith(PREEMPTED))).toEqual([
      PREEMPTED,
      `${PREEMPTED}?wait_for_change=true&last_etag=e1&timeout_sec=60`,
      `${PREEMPTED}?wait_for_change=true&last_etag=e2&timeout_sec=60`,
    ])
  })

  test('is taken away for the maintenance of its host, where it cannot migrate', async () => {
    const { baseUrl, requests } = await gcp(['FALSE'], ['NONE', 'TERMINATE_ON_HOST_MAINTENANCE'])
    const { done, notices, clock } = watch('gcp', baseUrl)
    await done
    expect(notices).toEqual([{ source: 'gcp', at: clock.now() + 60_000 }])
    expect(requests.filter((line) => line.startsWith(MAINTENANCE))).toEqual([
      MAINTENANCE,
      `${MAINTENANCE}?wait_for_change=true&last_etag=e1&timeout_sec=60`,
    ])
  })

  test('goes on where it migrates', async () => {
    const migrates = ['NONE', 'MIGRATE_ON_HOST_MAINTENANCE', 'NONE', 'TERMINATE_ON_HOST_MAINTENANCE']
    const { baseUrl, requests } = await gcp(['FALSE'], migrates)
    const { done, notices } = watch('gcp', baseUrl)
    await done
    expect(notices).toHaveLength(1)
    expect(requests.filter((line) => line.startsWith(MAINTENANCE))).toHaveLength(4)
  })

  test('is found by itself', async () => {
    const { baseUrl } = await gcp(['TRUE'])
    const { done, notices } = watch('auto', baseUrl)
    await done
    expect(notices).toMatchObject([{ source: 'gcp' }])
  })

  test('is not asked without a pause when the server gives nothing to wait from', async () => {
    const answers = ['FALSE', 'TRUE']
    const { baseUrl } = await metadataServer((line, _request, response) => {
      if (line === PREEMPTED) response.end(answers.shift())
    })
    const { done, clock, notices } = watch('gcp', baseUrl)
    await done
    expect(clock.sleeps).toEqual([5_000])
    expect(notices).toHaveLength(1)
  })
})

describe('a watch for preemption', () => {
  test('finds EC2 by itself', async () => {
    const { baseUrl } = await ec2([NOTICE])
    const { done, notices } = watch('auto', baseUrl)
    await done
    expect(notices).toMatchObject([{ source: 'ec2' }])
  })

  test('looks three times for a cloud, and ends where there is none', async () => {
    const { baseUrl, requests } = await metadataServer((_line, _request, response) =>
      response.writeHead(404).end(),
    )
    const { done, notices, warnings } = watch('auto', baseUrl)
    await done
    expect(requests.filter((line) => line === TOKEN)).toHaveLength(3)
    expect([notices, warnings]).toEqual([[], []])
  })

  test('ends where nobody listens', async () => {
    const { done, notices } = watch('auto', 'http://127.0.0.1:1')
    await done
    expect(notices).toEqual([])
  })

  test('ends at once when it is aborted in the middle of a request', async () => {
    let asked = () => {}
    const pending = new Promise<void>((resolve) => {
      asked = resolve
    })
    const { baseUrl } = await metadataServer(() => asked())
    const { done, end, notices, warnings } = watch('gcp', baseUrl)
    await pending
    end()
    await done
    expect([notices, warnings]).toEqual([[], []])
  })
})
