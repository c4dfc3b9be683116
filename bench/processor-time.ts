import { readdir, readFile } from 'node:fs/promises'
import type { Redis } from 'ioredis'

/** Processor time, in ms. */
export interface ProcessorTime {
  /** Of a pool's threads but for its sessions': the pool's own, V8's and Node's. */
  pool: number
  sessions: number
  redis: number
}

/** A session's thread, and those of ONNX Runtime, which are begun by it: they all have the name that Node gives it. */
const SESSION_THREAD = 'WorkerThread'

/** Since each began. Linux only. */
export async function processorTime(poolPid: number, redis: Redis): Promise<ProcessorTime> {
  const tasks = `/proc/${poolPid}/task`
  const times = await Promise.all((await readdir(tasks)).map((thread) => threadTime(`${tasks}/${thread}`)))
  const sumOf = (ofSessions: boolean) =>
    times.reduce((sum, { isSession, ms }) => sum + (isSession === ofSessions ? ms : 0), 0)
  const cpu = await redis.info('cpu')
  const seconds = (field: string) => Number(new RegExp(`^${field}:([\\d.]+)`, 'm').exec(cpu)?.[1])
  return {
    pool: sumOf(false),
    sessions: sumOf(true),
    redis: (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1000,
  }
}

/** Of all of a process' threads that are there, since each began, in ms. Linux only. */
export async function processTimeMs(pid: number): Promise<number> {
  const tasks = `/proc/${pid}/task`
  const times = await Promise.all((await readdir(tasks)).map((thread) => threadTime(`${tasks}/${thread}`)))
  return times.reduce((sum, { ms }) => sum + ms, 0)
}

/** The kernel counts in nanoseconds. */
async function threadTime(thread: string): Promise<{ isSession: boolean; ms: number }> {
  const name = await readFile(`${thread}/comm`, 'utf8')
  const [running = ''] = (await readFile(`${thread}/schedstat`, 'utf8')).split(' ')
  return { isSession: name.trim() === SESSION_THREAD, ms: Number(running) / 1e6 }
}
