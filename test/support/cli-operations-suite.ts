import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { newApiKey } from '../../shared/api-key.ts'
import type { Check } from '../../worker-pool/machine/doctor/check.ts'
import { cli } from './cli-session.ts'
import type { CliStack } from './cli-stack.ts'
import { ONE_LINE } from './edgebatch-process.ts'
import { ownRedis } from './own-redis.ts'
import { processEnv } from './process-env.ts'
import { redisUrlOf } from './redis-users.ts'
import { MODEL } from './stack.ts'
import { storeApiKey } from './stored-api-key.ts'

const SCRIPT = '/usr/bin/script'

/** What the command line does for whoever runs the service, against a real stack. */
export function cliOperationsSuite(at: () => CliStack): void {
  const administrator = async () => at().environment((await storeApiKey(at().stack, { admin: true })).token)
  const inRedis = () => ({ REDIS_URL: redisUrlOf('admin'), KEY_PREFIX: at().stack.keys.prefix })
  const throughGateway = () => {
    const { url, token } = at().stack.gateway
    return { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token }
  }

  test('the models that a key may use are listed', async () => {
    const { code, stdout } = await at().run('model', 'list')
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^MODEL .*\\n${MODEL}\\* +1\\* +classification +224x224 +\\S+ +1 +`))
    const nothing = await storeApiKey(at().stack, { models: [] })
    const none = await cli({ environment: at().environment(nothing.token) }, 'model', 'list', '--json')
    expect(none).toMatchObject({ code: 0, stdout: '[]\n', stderr: expect.stringMatching(ONE_LINE) })
  })

  test('what waits is the same through the edge, through Redis, and through the gateway', async () => {
    const { goOn } = at().standstill()
    const photos = await at().photos(3)
    await at().run('predict', ...photos, '--async', '--priority', 'low')
    const environments = [
      await administrator(),
      inRedis(),
      { ...throughGateway(), KEY_PREFIX: inRedis().KEY_PREFIX },
    ]
    for (const environment of environments) {
      const { code, stdout } = await cli({ environment }, 'queue')
      expect(code).toBe(0)
      expect(stdout).toMatch(new RegExp(`^MODEL +HIGH +NORMAL +LOW .*\\n${MODEL}@1 +0 +0 +3 +[\\d.]+ s +`))
      const { models, pools } = JSON.parse((await cli({ environment }, 'queue', '--json')).stdout)
      expect(models).toMatchObject([{ name: MODEL, backlog: { high: 0, normal: 0, low: 3 } }])
      expect(pools).toMatchObject([{ models: [`${MODEL}@1`], device: 'cpu' }])
    }
    goOn()
  })

  test('a key that is no administrator’s is told what to do', async () => {
    for (const command of ['queue', 'top']) {
      const { code, stdout, stderr } = await at().run(command)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^edgebatch: \S+ says forbidden: [^\n]*keys create --admin\n$/)
    }
  })

  test('top draws on a terminal until q, and gives it back', async (context) => {
    const hasScript = await access(SCRIPT).then(
      () => true,
      () => false,
    )
    if (!hasScript) context.skip(`there is no ${SCRIPT} here`)
    const env = { ...processEnv(), ...(await administrator()), TERM: 'xterm', NO_COLOR: '1' }
    const command = `stty cols 80 rows 24; '${process.execPath}' cli/main.ts top`
    const child = spawn(SCRIPT, ['-qefc', command, '/dev/null'], { cwd: PROJECT_ROOT, env })
    const ended = once(child, 'close')
    let drawn = ''
    for await (const chunk of child.stdout) {
      if (!drawn.includes('POOL') && `${drawn}${chunk}`.includes('POOL')) child.stdin.write('q')
      drawn += chunk
    }
    expect(await ended).toEqual([0, null])
    const [enter, leave] = ['\u001b[?1049h', '\u001b[?1049l']
    expect(drawn.trimEnd().startsWith(enter) && drawn.trimEnd().endsWith(leave)).toBe(true)
    expect(drawn).toContain(`${MODEL}@1`)
    expect(drawn).not.toContain('\u001b[1m')
  })

  test('where there is no terminal, top tells it once', async () => {
    const { code, stdout } = await cli({ environment: inRedis() }, 'top')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^edgebatch top {2}Redis at \S+ {2}[\d:]+Z\n/)
    expect(stdout).toMatch(/^POOL +STATE.*\n\S+ +ok/m)
  })

  test('the doctor finds nothing missing in a deployment that is well, and shows no secret', async () => {
    const edge = await administrator()
    const environment = { ...edge, ...inRedis(), ...throughGateway() }
    const { code, stdout, stderr } = await cli({ environment }, 'doctor', '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] }
    expect(ok).toBe(true)
    const states = Object.fromEntries(checks.map(({ name, state }) => [name, state]))
    const well = ['Redis', "Redis' memory", "Redis' users", 'gateway', "gateway's push"]
    for (const name of [...well, 'edge', "edge's readiness", 'API key', 'pools', 'devices'])
      expect(states, name).toHaveProperty([name], 'ok')
    const password = new URL(redisUrlOf('admin')).password
    for (const secret of [edge.EDGEBATCH_API_KEY ?? '', environment.UPSTASH_REDIS_REST_TOKEN, password])
      expect(stdout).not.toContain(secret)
  })

  test('the doctor names what is wrong, each with the way out', async () => {
    const { url } = await ownRedis()
    const redis = new Redis(url, { protocol: 2 })
    onTestFinished(() => redis.disconnect())
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await redis.call('ACL', 'SETUSER', 'edgebatch-admin', 'on', '>x', '+ping', '+info')
    const nobodys = at().environment(newApiKey().token)
    const environment = { ...nobodys, ...throughGateway(), REDIS_URL: url }
    const { code, stdout } = await cli({ environment }, 'doctor')
    expect(code).toBe(1)
    for (const [finding, fix] of [
      [/^missing +Redis' memory +.*allkeys-lru/, /set maxmemory-policy noeviction/],
      [/^warning +Redis' disk +appendonly no/, /CONFIG SET appendonly yes/],
      [/^warning +Redis' users +logged in as the default user/, /npx edgebatch acl \| redis-cli/],
      [
        /^missing +Redis user edgebatch-admin +lacks .*\+hgetall/,
        /redis-cli ACL SETUSER edgebatch-admin .*\+hgetall/,
      ],
      [/^missing +gateway's Redis +\S+ leads to another Redis than REDIS_URL/, /name the same Redis/],
      [/^missing +API key +\S+ does not take this API key/, /npx edgebatch keys create/],
    ] as const) {
      const lines = stdout.split('\n')
      const found = lines.findIndex((line) => finding.test(line))
      expect(lines[found], String(finding)).toBeDefined()
      expect(lines[found + 1]).toMatch(new RegExp(`^ +fix: .*${fix.source}`))
    }
  })

  test('the doctor says what this machine lacks for a pool, beside the rest and with nothing twice', async () => {
    const environment = { ...(await administrator()), ...inRedis() }
    const { code, stdout } = await cli({ environment }, 'doctor', '--machine', '--json')
    const { checks } = JSON.parse(stdout) as { checks: Check[] }
    const names = checks.map(({ name }) => name)
    for (const name of ['edge', 'Redis', 'ONNX Runtime', 'NVIDIA driver', 'models', 'memory'])
      expect(names.filter((each) => each === name)).toHaveLength(1)
    expect(code).toBe(0)
    const { REDIS_URL, ...half } = environment
    const told = await cli({ environment: half }, 'doctor', '--machine')
    expect(told.stdout).toMatch(/^missing +machine +doctor: REDIS_URL is not set/m)
  })

  test('what is away is a finding as any other', async () => {
    const away = { EDGEBATCH_URL: 'http://127.0.0.1:1', REDIS_URL: 'redis://:hidden@127.0.0.1:1' }
    const wrong = { ...throughGateway(), UPSTASH_REDIS_REST_TOKEN: 'hidden' }
    const { code, stdout, stderr } = await cli({ environment: { ...away, ...wrong } }, 'doctor')
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(stdout).toMatch(/^missing +Redis +cannot reach Redis at 127\.0\.0\.1:1/m)
    expect(stdout).toMatch(/^missing +gateway +\S+ does not take this UPSTASH_REDIS_REST_TOKEN$/m)
    expect(stdout).toMatch(/^missing +edge +cannot reach the edge at 127\.0\.0\.1:1/m)
    expect(stdout).not.toContain('hidden')
  })
}
