import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Way } from './way.ts'

/** A way to a server that answers each piece with itself in capitals. */
async function wayToShouter(): Promise<{ way: Way; port: number; heard: string[] }> {
  const heard: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => {
      heard.push(String(data))
      socket.write(String(data).toUpperCase())
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const way = await Way.open(port)
  onTestFinished(() => {
    way.close()
    server.close()
  })
  return { way, port, heard }
}

async function connected({ port }: { port: number }): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** However it ends. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.on('close', () => resolve()))
}

async function asked(socket: Socket, text: string): Promise<string> {
  socket.write(text)
  const [data] = await once(socket, 'data')
  return String(data)
}

test('a way carries both directions', async () => {
  const { way } = await wayToShouter()
  const socket = await connected(way)
  expect(await asked(socket, 'one')).toBe('ONE')
  expect(await asked(socket, 'two')).toBe('TWO')
})

test('a way that is cut ends its connections, and takes new ones', async () => {
  const { way } = await wayToShouter()
  const socket = await connected(way)
  await asked(socket, 'one')
  const end = closed(socket)
  expect(way.cut()).toBe(1)
  await end
  expect(await asked(await connected(way), 'two')).toBe('TWO')
})

test('a way that loses answers has delivered what was asked', async () => {
  const { way, heard } = await wayToShouter()
  const socket = await connected(way)
  const end = closed(socket)
  way.loseAnswers(true)
  socket.write('one')
  await end
  expect(heard).toEqual(['one'])
  way.loseAnswers(false)
  expect(await asked(await connected(way), 'two')).toBe('TWO')
})

test('a way that is slow is overtaken, and keeps the order of what it carries', async () => {
  const { way, port, heard } = await wayToShouter()
  const [slow, direct] = [await connected(way), await connected({ port })]
  way.slow(200)
  const answers: string[] = []
  const both = new Promise<void>((resolve) =>
    slow.on('data', (data) => {
      answers.push(String(data))
      if (answers.join('') === 'ONETWO') resolve()
    }),
  )
  slow.write('one')
  await new Promise((resolve) => setImmediate(resolve))
  slow.write('two')
  expect(await asked(direct, 'overtakes')).toBe('OVERTAKES')
  await both
  expect(heard.join(' ')).toMatch(/^overtakes one ?two$/)
})
