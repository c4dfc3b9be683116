import { readdir, readFile } from 'node:fs/promises'

/**
 * Milliseconds of CPU that a process has used, over all its threads, as the Linux kernel counts them (nanoseconds in
 * /proc/PID/task/TID/schedstat). Threads that have ended are not counted: read it from long-lived processes only.
 */
export async function cpuMs(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`)
  const times = await Promise.all(
    threads.map(async (thread) => {
      const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0')
      return Number(text.split(' ')[0])
    }),
  )
  return times.reduce((sum, time) => sum + time, 0) / 1e6
}

/** The process that `parent` has started and that runs `name`. Throws if there is none, or no /proc. */
export async function childProcess(parent: number, name: string): Promise<number> {
  const entries = await readdir('/proc').catch(() => {
    throw new Error('CPU time is read from /proc, which this system does not have: run it on Linux')
  })
  for (const pid of entries.map(Number).filter(Number.isInteger)) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    // "123 (name) S 1 ...": the name may hold spaces, the parent is the second word after it.
    const end = stat.lastIndexOf(')')
    if (stat.slice(stat.indexOf('(') + 1, end) !== name) continue
    if (Number(stat.slice(end + 2).split(' ')[1]) === parent) return pid
  }
  throw new Error(`process ${parent} has no child ${name}`)
}
