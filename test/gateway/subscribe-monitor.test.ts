import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { openStream } from '../support/event-stream.ts'
import { testGateway } from '../support/gateway.ts'
import { listenedGateway } from '../support/listened-gateway.ts'

const READ_ONLY = crypto.randomUUID()

const at = listenedGateway({ GATEWAY_ALLOW_MONITOR: 'true', GATEWAY_READONLY_TOKEN: READ_ONLY })

const NOT_AVAILABLE = { error: "ERR Command is not available: 'MONITOR'" }

/** The commands of a feed from the next on, each as it is quoted, until `last` is among them. */
async function feed(stream: Awaited<ReturnType<typeof openStream>>, last: string): Promise<string[]> {
  const commands: string[] = []
  while (!commands.at(-1)?.includes(last)) {
    const [line = ''] = (await stream.next()) ?? []
    const [, command] = /^data: \d{10}\.\d{6} \[0 127\.0\.0\.1:\d+\] (".*")$/.exec(line) ?? []
    // Heartbeats of the gateway's own connections, and those of Redis' other clients, are in the feed as well.
    if (command !== undefined) commands.push(command)
  }
  return commands.filter((command) => !/^"(ping|info)"/i.test(command))
}

const monitors = async () => (await at.redis.info('clients')).match(/^connected_clients:(\d+)/m)?.[1]

test('a feed has each command as Redis tells it, for all streams over one connection that ends with the last', async () => {
  const before = await monitors()
  const streams = [
    await openStream(at.gateway, '/monitor'),
    await openStream(at.gateway, '/monitor', {
      method: 'POST',
      headers: { authorization: `Bearer ${at.gateway.token}` },
    }),
  ]
  for (const stream of streams) {
    expect(stream.headers.get('content-type')).toBe('text/event-stream')
    expect(await stream.next()).toEqual(['data: "OK"'])
  }
  expect(Number(await monitors())).toBe(Number(before) + 1)
  await at.redis.set('monitored', 'a "b" \\\n\r\u0000ü" ')
  await at.redis.echo('last')
  for (const stream of streams) {
    expect(await feed(stream, '"last"')).toEqual([
      '"set" "monitored" "a \\"b\\" \\\\\\n\\r\\x00\\xc3\\xbc\\" "',
      '"echo" "last"',
    ])
  }
  for (const stream of streams) stream.leave()
  while ((await monitors()) !== before);
})

test('a token that may only read gets none', async () => {
  const response = await fetch(`${at.gateway.url}/monitor`, {
    headers: { authorization: `Bearer ${READ_ONLY}` },
  })
  expect(response.status).toBe(400)
  expect(await response.json()).toEqual(NOT_AVAILABLE)
})

test('nobody gets one unless the gateway was told so, nor a Redis user that may not', async () => {
  const admin = new Redis(at.server.url, { protocol: 2 })
  onTestFinished(() => admin.disconnect())
  await admin.call('ACL', 'SETUSER', 'limited', 'on', '>secret', '~*', '&*', '+@all', '-monitor')
  const url = at.server.url.replace('redis://', 'redis://limited:secret@')
  for (const [env, error] of [
    [{}, NOT_AVAILABLE],
    [{ GATEWAY_ALLOW_MONITOR: 'true' }, { error: expect.stringMatching(/^NOPERM/) }],
  ] as const) {
    const gateway = await testGateway(url, env)
    onTestFinished(() => gateway.close())
    const response = await gateway.post('/monitor', '')
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual(error)
  }
  expect((await admin.call('CLIENT', 'LIST')) as string).not.toContain('user=limited cmd=monitor')
})
