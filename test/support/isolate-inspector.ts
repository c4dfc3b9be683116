/** Memory of an isolate, in bytes, garbage that has not been collected included. */
export interface IsolateMemory {
  /** JavaScript objects, and the buffers that they hold outside of the heap. */
  readonly heap: number
  /** All WebAssembly memories. */
  readonly wasm: number
}

export interface IsolateInspector {
  memory: () => Promise<IsolateMemory>
  close: () => void
}

interface HeapUsage {
  usedSize: number
  embedderHeapUsedSize: number
  backingStorageSize: number
}

/** Connects to workerd's inspector (the V8 protocol over WebSocket) at the worker of that name. */
export async function inspectIsolate(inspectorUrl: string, worker: string): Promise<IsolateInspector> {
  const targets = (await (await fetch(new URL('/json/list', inspectorUrl))).json()) as {
    id: string
    webSocketDebuggerUrl: string
  }[]
  const target = targets.find(({ id, webSocketDebuggerUrl }) =>
    `${id} ${webSocketDebuggerUrl}`.endsWith(worker),
  )
  if (!target) throw new Error(`the inspector shows no worker ${worker}`)
  const socket = new WebSocket(target.webSocketDebuggerUrl)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true })
    socket.addEventListener('error', reject, { once: true })
  })
  const call = callsOver(socket)
  return { memory: () => memoryOf(call), close: () => socket.close() }
}

interface Answer {
  id: number
  result?: unknown
  error?: { message: string }
}

type Call = <Result>(method: string, params?: object) => Promise<Result>

function callsOver(socket: WebSocket): Call {
  let lastId = 0
  const waiting = new Map<number, (answer: Answer) => void>()
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  return (method, params = {}) =>
    new Promise((resolve, reject) => {
      const id = ++lastId
      waiting.set(id, ({ result, error }) => {
        if (error) reject(new Error(`${method}: ${error.message}`))
        else resolve(result as never)
      })
      socket.send(JSON.stringify({ id, method, params }))
    })
}

/** The heap first: looking for the WASM memories collects the garbage. */
async function memoryOf(call: Call): Promise<IsolateMemory> {
  const usage = await call<HeapUsage>('Runtime.getHeapUsage')
  const prototype = await call<{ result: { objectId: string } }>('Runtime.evaluate', {
    expression: 'WebAssembly.Memory.prototype',
  })
  const { objects } = await call<{ objects: { objectId: string } }>('Runtime.queryObjects', {
    prototypeObjectId: prototype.result.objectId,
  })
  const sum = await call<{ result: { value: number } }>('Runtime.callFunctionOn', {
    objectId: objects.objectId,
    functionDeclaration:
      'function () { return this.reduce((sum, memory) => sum + memory.buffer.byteLength, 0) }',
    returnByValue: true,
  })
  for (const { objectId } of [prototype.result, objects]) await call('Runtime.releaseObject', { objectId })
  const { usedSize, embedderHeapUsedSize, backingStorageSize } = usage
  return { heap: usedSize + embedderHeapUsedSize + backingStorageSize, wasm: sum.result.value }
}
