/** Memory of an isolate, in bytes, garbage that has not been collected included. */
export interface IsolateMemory {
  /** JavaScript objects, and the buffers that they hold outside of the heap. */
  readonly heap: number
  /** All WebAssembly memories. */
  readonly wasm: number
}

export interface IsolateInspector {
  /** JavaScript's part only; takes a millisecond. */
  heap: () => Promise<number>
  /** Collects the garbage before it counts the WebAssembly memories; takes a tenth of a second. */
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
  const context = contextOf(socket)
  await call('Runtime.enable')
  const contextId = await context
  return { heap: () => heapOf(call), memory: () => memoryOf(call, contextId), close: () => socket.close() }
}

/** Told of once, upon `Runtime.enable`: without its number, workerd evaluates nothing. */
function contextOf(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    socket.addEventListener('message', ({ data }) => {
      const { method, params } = JSON.parse(String(data))
      if (method === 'Runtime.executionContextCreated') resolve(params.context.id)
    })
  })
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

async function heapOf(call: Call): Promise<number> {
  const usage = await call<HeapUsage>('Runtime.getHeapUsage')
  return usage.usedSize + usage.embedderHeapUsedSize + usage.backingStorageSize
}

/** The heap first: looking for the WASM memories collects the garbage. */
async function memoryOf(call: Call, contextId: number): Promise<IsolateMemory> {
  const heap = await heapOf(call)
  const prototype = await call<{ result: { objectId: string } }>('Runtime.evaluate', {
    expression: 'WebAssembly.Memory.prototype',
    contextId,
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
  return { heap, wasm: sum.result.value }
}
