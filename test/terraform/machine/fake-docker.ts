import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { processEnv } from '../../support/process-env.ts'

/**
 * `docker`, as far as a machine's scripts use it, with processes of this machine as containers. Arguments: its folder, the folder of
 * its client's configuration, and docker's own. What a real daemon would keep on its disk is in `disk/`.
 */
const [folder = '', configuration = '', ...call] = process.argv.slice(2)
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const POLL_MS = 10

interface Registry {
  /** References that can be pulled, each with the password that it takes. */
  images: Record<string, string | null>
  hangs?: boolean
  daemonIsDown?: boolean
  /** What the daemon can run containers with. */
  runtimes?: string[]
  /** What `docker run` fails with, if it does. */
  runFailure?: string
  /** What a container runs in place of its command. */
  command?: string[]
}

const file = (name: string) => join(folder, 'container', name)
const read = (path: string) => readFile(path, 'utf8').catch(() => undefined)
const registry = JSON.parse((await read(join(folder, 'registry.json'))) ?? '{}') as Registry

function die(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

const print = (line: string) => process.stdout.write(`${line}\n`)

/** Whole or not there. */
async function writeAtOnce(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content)
  await rename(`${path}.new`, path)
}

async function login(args: string[]): Promise<void> {
  const [server = ''] = args.slice(-1)
  const host = server.replace('https://', '')
  const password = (await text(process.stdin)).trim()
  await mkdir(configuration, { recursive: true })
  await writeFile(join(configuration, 'config.json'), JSON.stringify({ auths: { [host]: password } }))
}

async function pull(reference: string): Promise<void> {
  if (registry.hangs) await setTimeout(600_000)
  const password = registry.images[reference]
  if (password === undefined) die('Error response from daemon: manifest unknown: manifest unknown')
  const logins = JSON.parse((await read(join(configuration, 'config.json'))) ?? '{}').auths ?? {}
  if (password !== null && logins[reference.split('/')[0] ?? ''] !== password)
    die('Error response from daemon: no basic auth credentials')
  await writeFile(join(folder, 'pulled'), `${reference}\n`, { flag: 'a' })
}

/** The options of `docker run`, the image and its command. */
function parseRun(args: string[]): { options: [string, string][]; image: string; command: string[] } {
  const flags = ['--detach', '--read-only']
  const options: [string, string][] = []
  let i = 0
  while (args[i]?.startsWith('--')) {
    const name = args[i] ?? ''
    const takesValue = !flags.includes(name)
    options.push([name, takesValue ? (args[i + 1] ?? '') : ''])
    i += takesValue ? 2 : 1
  }
  const [image = '', ...command] = args.slice(i)
  return { options, image, command }
}

async function run(args: string[]): Promise<void> {
  if (registry.runFailure) die(registry.runFailure)
  const { options, image, command } = parseRun(args)
  if (!(await pulled()).includes(image)) die(`Unable to find image '${image}' locally`)
  const all = (name: string) => options.filter(([option]) => option === name).map(([, value]) => value)
  const lines = await Promise.all(all('--env-file').map((path) => readFile(path, 'utf8')))
  const environment = lines.join('').split('\n').filter(Boolean)
  const [mount = ''] = all('--mount')
  const { source = '', target = '' } = Object.fromEntries(mount.split(',').map((part) => part.split('=')))
  const inside = (registry.command ?? command).map((part) => part.replace(target, source))
  await mkdir(join(folder, 'disk'), { recursive: true })
  await writeFile(join(folder, 'disk', 'config.v2.json'), JSON.stringify({ args, environment }))
  await mkdir(file(''), { recursive: true })
  await writeFile(file('spec.json'), JSON.stringify({ environment, command: inside }))
  const keeper = [fileURLToPath(import.meta.url), folder, '', 'keep']
  const child = spawn(process.execPath, keeper, { detached: true, stdio: 'ignore' })
  child.unref()
  print('0123456789ab')
}

/** The container's process, until it ends. */
async function keep(): Promise<void> {
  const { environment, command } = JSON.parse(await readFile(file('spec.json'), 'utf8'))
  const log = await open(file('log'), 'a')
  const [program, ...args] = command as [string, ...string[]]
  const variables = Object.fromEntries((environment as string[]).map((line) => line.split(/=(.*)/s, 2)))
  const env = { PATH: processEnv().PATH, ...variables }
  const child: ChildProcess = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', log.fd, log.fd] })
  const exited = once(child, 'exit')
  await writeAtOnce(file('pid'), String(child.pid))
  const [code, signal] = await exited
  await writeAtOnce(file('code'), String(code ?? (signal === 'SIGKILL' ? 137 : 143)))
}

const pulled = async () => ((await read(join(folder, 'pulled'))) ?? '').split('\n')

async function inspect(format: string): Promise<void> {
  if (!existsSync(file('spec.json'))) die('Error: No such object: edgebatch-pool')
  const code = await read(file('code'))
  print(format === '{{.State.Running}}' ? String(code === undefined) : (code ?? '0'))
}

async function untilThere(name: string): Promise<string> {
  for (;;) {
    const content = await read(file(name))
    if (content !== undefined) return content
    await setTimeout(POLL_MS)
  }
}

async function stop(signal: NodeJS.Signals): Promise<void> {
  if (!existsSync(file('spec.json'))) return
  const pid = Number(await untilThere('pid'))
  if (!existsSync(file('code'))) {
    try {
      process.kill(pid, signal)
    } catch {}
  }
  await untilThere('code')
}

async function remove(): Promise<void> {
  await stop('SIGKILL')
  await rm(file(''), { recursive: true, force: true })
}

async function printLog(lines: number): Promise<void> {
  const log = ((await read(file('log'))) ?? '').trimEnd().split('\n')
  print(log.slice(-lines).join('\n'))
}

await writeFile(join(folder, 'calls'), `${JSON.stringify(call)}\n`, { flag: 'a' })
const [command = '', ...args] = call
if (registry.daemonIsDown) die('Cannot connect to the Docker daemon at unix:///var/run/docker.sock.')
if (command === 'login') await login(args)
else if (command === 'pull') await pull(args.at(-1) ?? '')
else if (command === 'image') process.exit((await pulled()).includes(args.at(-1) ?? '') ? 0 : 1)
else if (command === 'run') await run(args)
else if (command === 'keep') await keep()
else if (command === 'inspect') await inspect(args[1] ?? '')
else if (command === 'stop') await stop('SIGTERM')
else if (command === 'rm') await remove()
else if (command === 'logs') await printLog(Number(args[1]))
else if (command === 'info')
  print(JSON.stringify(Object.fromEntries((registry.runtimes ?? []).map((name) => [name, {}]))))
else die(`docker: '${command}' is not a docker command.`)
